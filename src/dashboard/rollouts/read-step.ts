// One step's file, line by line into rows of the index. What is no rollout is counted and left out.

import { CancelledError } from "../../core/errors.js";
import { MAX_OFFSET } from "./columns.js";
import { entryOf } from "./entry.js";
import type { GrowingRows } from "./growing.js";
import type { Skipped } from "./segment-file.js";
import { Slices } from "./slices.js";
import { linesOf, type Piece, piecesOf } from "./step-file.js";

const NAMED_FAULTS = 10;

/**
 * In slices: others come first every few milliseconds.
 *
 * @throws CancelledError once `isCancelled`, and what the file system says; then some rows may have been added
 */
export async function addRollouts(rows: GrowingRows, path: string, isCancelled: () => boolean): Promise<Skipped> {
  const slices = new Slices();
  const first: Array<[number, string]> = [];
  let [count, line] = [0, 0];
  for await (const piece of piecesOf(path)) {
    for (const { from, to } of linesOf(piece)) {
      line++;
      const fault = addLine(rows, piece, from, to);
      if (fault !== null && ++count <= NAMED_FAULTS) first.push([line, fault]);
      if (!slices.over) continue;
      await slices.pause();
      if (isCancelled()) throw new CancelledError(`${path}: no longer read`);
    }
  }
  return { count, first };
}

/** @returns what is wrong with the line; null where it is a rollout, or blank */
function addLine(rows: GrowingRows, { bytes, start }: Piece, from: number, to: number): string | null {
  const line = bytes.toString("utf8", from, to);
  if (line.trim() === "") return null;
  const entry = entryOf(line);
  if (typeof entry === "string") return entry;
  if (start + from > MAX_OFFSET) return "too far into the file to be indexed";
  rows.add(entry, start + from, to - from);
  return null;
}
