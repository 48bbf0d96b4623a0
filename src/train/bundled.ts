// What ships with the package: the warm-started model, the problem family and the studies.

import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { UsageError } from "../core/errors.js";
import { suggestion } from "../core/schema.js";

const files = {
  model: new URL("../../assets/model/", import.meta.url),
  train: new URL("../../assets/family/train.jsonl", import.meta.url),
  "held-out": new URL("../../assets/family/held-out.jsonl", import.meta.url),
} as const;

/** The path itself, or that of the bundled file where the config says `bundled`. */
export function bundled(path: string, file: keyof typeof files): string {
  return path === "bundled" ? fileURLToPath(files[file]) : path;
}

const studies = new URL("../../studies/", import.meta.url);

/** The path itself where it ends in .yaml, or the file of the bundled study of that name. @throws UsageError naming those there are */
export function studyFile(name: string): string {
  if (/\.ya?ml$/.test(name)) return name;
  const names = readdirSync(studies).map((file) => file.replace(/\.yaml$/, ""));
  if (names.includes(name)) return fileURLToPath(new URL(`${name}.yaml`, studies));
  throw new UsageError(`unknown study "${name}"${suggestion(name, names)}; a study file ends in .yaml`);
}
