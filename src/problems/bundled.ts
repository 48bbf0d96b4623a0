// What ships with the package to learn from: the warm-started model and the problem family.

import { fileURLToPath } from "node:url";

const files = {
  model: new URL("../../assets/model/", import.meta.url),
  train: new URL("../../assets/family/train.jsonl", import.meta.url),
  "held-out": new URL("../../assets/family/held-out.jsonl", import.meta.url),
} as const;

/** The path itself, or that of the bundled file where the config says `bundled`. */
export function bundled(path: string, file: keyof typeof files): string {
  return path === "bundled" ? fileURLToPath(files[file]) : path;
}
