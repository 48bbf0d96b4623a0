// Tells models apart without reading all of them: adapters of one base mean nothing to another of the same shape.

import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { readBytes } from "../../../core/files.js";
import { weightFiles } from "../../embedded/model/shards.js";

const SAMPLED_BYTES = 1 << 16;

/** Of the config, and of each weight file its size, its start (which lists the tensors) and its end (which holds weights). */
export function modelIdentity(folder: string): string {
  const hash = createHash("sha256").update(readBytes(join(folder, "config.json")));
  for (const path of weightFiles(folder)) {
    const file = openSync(path, "r");
    try {
      const { size } = fstatSync(file);
      hash.update(`${size}`);
      for (const at of [0, Math.max(0, size - SAMPLED_BYTES)]) {
        const piece = Buffer.alloc(Math.min(size, SAMPLED_BYTES));
        hash.update(piece.subarray(0, readSync(file, piece, 0, piece.length, at)));
      }
    } finally {
      closeSync(file);
    }
  }
  return hash.digest("hex").slice(0, 32);
}
