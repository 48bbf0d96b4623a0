// A file of problems as the dashboard needs it: read once, to know that it is the one the run learnt from and where each
// problem lies; a problem is read and checked when it is asked for. Unlike the trainer (problems/problem-set.ts) it does
// not check them all first: a group would wait for that.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { DataError, messageOf, UsageError } from "../../core/errors.js";
import { isRegularFile } from "../../core/files.js";
import { parseJson } from "../../core/json.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import type { DataFile } from "./facts.js";
import { linesOf, type Piece, piecesOf, readAt } from "./step-file.js";

interface Place {
  readonly start: number;
  readonly bytes: number;
}

/** A line that begins with a plain id, as nearly all do, need not be parsed for it. */
const HEAD = /^(?:\xef\xbb\xbf)?\s*\{\s*"id"\s*:\s*"([ !#-[\]-~]*)"/;
const HEAD_BYTES = 200;

export class ProblemFile {
  readonly #places = new Map<string, Place>();

  private constructor(private readonly path: string) {}

  /** @throws UsageError where the file is gone, or is not what it was when the run began */
  static async open({ path, sha256 }: DataFile): Promise<ProblemFile> {
    if (!isRegularFile(path))
      throw new UsageError(`${path}: no such file; relative paths are taken from where the dashboard was started`);
    const file = new ProblemFile(path);
    const hash = createHash("sha256");
    for await (const piece of piecesOf(path)) {
      hash.update(piece.bytes);
      file.#add(piece);
    }
    if (sha256 === null || hash.digest("hex") === sha256) return file;
    throw new UsageError(
      `${path}: the file has changed since the run began; problems are shown from the file it learnt from`,
    );
  }

  /** @throws DataError where the line is no problem */
  async find(id: string): Promise<Problem | undefined> {
    const place = this.#places.get(id);
    if (!place) return undefined;
    const file = await open(this.path, "r");
    try {
      const line = (await readAt(file, place.start, place.bytes)).toString("utf8");
      return problemSchema.parse(parseJson(line.replace(/^\uFEFF/, "")));
    } catch (error) {
      throw new DataError(`${this.path}: the problem "${id}" cannot be read: ${messageOf(error)}`, { cause: error });
    } finally {
      await file.close();
    }
  }

  #add(piece: Piece): void {
    for (const { from, to } of linesOf(piece)) {
      const id = idIn(piece.bytes, from, to);
      if (id !== null && !this.#places.has(id)) this.#places.set(id, { start: piece.start + from, bytes: to - from });
    }
  }
}

function idIn(bytes: Buffer, from: number, to: number): string | null {
  const head = HEAD.exec(bytes.toString("latin1", from, Math.min(to, from + HEAD_BYTES)));
  if (head) return head[1];
  try {
    const { id } = JSON.parse(bytes.toString("utf8", from, to)) as { readonly id?: unknown };
    return typeof id === "string" ? id : null;
  } catch {
    return null;
  }
}
