// The files that a run keeps its rollouts and tokens in, one a step: their names, and their lines in pieces of bounded
// size. Which lines are records is for others to say.

import { lstatSync, realpathSync, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join, sep } from "node:path";

/** `step-000012.jsonl` */
export function stepFile(step: number): string {
  return `step-${String(step).padStart(6, "0")}.jsonl`;
}

/** The step of a file; null for any other name. */
export function stepOf(name: string): number | null {
  const digits = /^step-(\d{6,9})\.jsonl$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** A run's folder of such files; null where there is none, or a link that leads out of the run. */
export function ownFolder(runPath: string, name: "rollouts" | "tokens"): string | null {
  try {
    const folder = join(runPath, name);
    return realpathSync(folder).startsWith(realpathSync(runPath) + sep) ? folder : null;
  } catch {
    return null;
  }
}

/** Of a file in the folder itself: a link could lead anywhere. Null where there is none. */
export function ownFile(folder: string, step: number): Stats | null {
  const stat = statOf(join(folder, stepFile(step)));
  return stat?.isFile() ? stat : null;
}

export function statOf(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch {
    return null;
  }
}

/** Whole lines of a file, one after the other. */
export interface Piece {
  readonly bytes: Buffer;
  /** Where the first line begins in the file. */
  readonly start: number;
}

const PIECE_BYTES = 1 << 22;
/** A line beyond this is no record of ours: it comes in parts, none of which is JSON. */
const LINE_BYTES = 1 << 26;

/** A file's lines in pieces of some megabytes; the last line may lack its newline. */
export async function* piecesOf(path: string, start = 0): AsyncGenerator<Piece> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    let rest: Buffer = Buffer.alloc(0);
    for (let at = start; at < size; ) {
      const read = await readAt(file, at, Math.min(PIECE_BYTES, size - at));
      if (read.length === 0) break;
      at += read.length;
      const bytes = rest.length === 0 ? read : Buffer.concat([rest, read]);
      const end = at >= size || bytes.length > LINE_BYTES ? bytes.length : bytes.lastIndexOf(10) + 1;
      if (end > 0) yield { bytes: bytes.subarray(0, end), start: at - bytes.length };
      rest = bytes.subarray(end);
    }
  } finally {
    await file.close();
  }
}

/** Fewer bytes where the file ends before. */
export async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let read = 0;
  while (read < length) {
    const { bytesRead } = await file.read(bytes, read, length - read, at + read);
    if (bytesRead === 0) break;
    read += bytesRead;
  }
  return bytes.subarray(0, read);
}

/** The lines of a piece by where they lie in it, without their newlines. */
export function* linesOf({ bytes }: Piece): Generator<{ readonly from: number; readonly to: number }> {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(10, from);
    const to = newline < 0 ? bytes.length : newline;
    yield { from, to };
    from = to + 1;
  }
}
