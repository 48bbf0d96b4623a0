// A file of problems that may be larger than the memory: every line is checked once, then only where each lies is kept,
// and a problem is read when it is wanted. Not here: files in other formats, which `data convert` makes problems of.

import { closeSync, openSync, readSync } from "node:fs";
import { DataError, UsageError } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import { parseJson } from "../core/json.js";
import { streamRecords } from "../core/jsonl.js";
import { type Problem, problemSchema } from "./problem.js";
import { formatOf, formats } from "./sources/formats.js";
import { openRows } from "./sources/rows.js";

/** Problems by number, wherever they are. */
export interface Problems {
  readonly size: number;
  read(index: number): Problem;
  /** By its id. */
  find(id: string): Problem | undefined;
}

/** Problems that are in memory anyway. */
export function heldProblems(problems: readonly Problem[]): Problems {
  return {
    size: problems.length,
    read: (index) => problems[index],
    find: (id) => problems.find((problem) => problem.id === id),
  };
}

interface Place {
  readonly line: number;
  readonly start: number;
  readonly bytes: number;
}

export interface ProblemSetOptions {
  /** Which problems belong to the set; all where it is not said. */
  readonly keep?: (problem: Problem) => boolean;
  /** Which of them are found again under `marked`. */
  readonly mark?: (problem: Problem) => boolean;
  readonly onProgress?: (problems: number) => void;
}

/** What lines read lately may take up together. */
const CACHE_BYTES = 8 * 1024 * 1024;

export class ProblemSet implements Problems {
  readonly #places: Place[] = [];
  readonly #marked: number[] = [];
  readonly #ids = new Ids((place) => this.#at(place).id);
  readonly #cache = new Map<number, Problem>();
  #cachedBytes = 0;
  #leftOut = 0;

  private constructor(
    private readonly path: string,
    private readonly file: number,
  ) {}

  /**
   * Reads the whole file once, a line at a time.
   *
   * @throws DataError naming file, line and field; for an id that occurs twice; for a file without problems
   * @throws UsageError for a file in another format, with the command that converts it
   */
  static async open(path: string, options: ProblemSetOptions = {}): Promise<ProblemSet> {
    await refuseOtherFormats(path);
    const set = new ProblemSet(path, openSync(path, "r"));
    try {
      await set.#index(options);
      return set;
    } catch (error) {
      await set.close();
      throw error;
    }
  }

  get size(): number {
    return this.#places.length;
  }

  /** How many problems of the file do not belong to the set. */
  get leftOut(): number {
    return this.#leftOut;
  }

  get marked(): Problems {
    return {
      size: this.#marked.length,
      read: (index) => this.read(this.#marked[index]),
      find: (id) => this.find(id),
    };
  }

  /** @throws DataError where the file has changed since it was opened */
  read(index: number): Problem {
    const known = this.#cache.get(index);
    if (known) return known;
    const problem = this.#at(this.#places[index]);
    this.#cachedBytes += this.#places[index].bytes;
    this.#cache.set(index, problem);
    for (const [oldest] of this.#cache) {
      if (this.#cachedBytes <= CACHE_BYTES || oldest === index) break;
      this.#cache.delete(oldest);
      this.#cachedBytes -= this.#places[oldest].bytes;
    }
    return problem;
  }

  /** Also one that the set leaves out. @throws DataError where the file has changed since it was opened */
  find(id: string): Problem | undefined {
    const place = this.#ids.find(id);
    return place && this.#at(place);
  }

  async close(): Promise<void> {
    closeSync(this.file);
  }

  async #index({ keep, mark, onProgress }: ProblemSetOptions): Promise<void> {
    let problems = 0;
    for await (const { record: problem, line, start, bytes } of streamRecords(this.path, problemSchema)) {
      const place = { line, start, bytes };
      const first = this.#ids.add(problem.id, place);
      if (first) {
        throw new DataError(
          `${this.path}:${line}: id: "${problem.id}" is the id of line ${first.line} too; ids are unique in a file`,
        );
      }
      onProgress?.(++problems);
      if (keep?.(problem) === false) {
        this.#leftOut++;
        continue;
      }
      if (mark?.(problem)) this.#marked.push(this.#places.length);
      this.#places.push(place);
    }
    if (this.#places.length + this.#leftOut === 0) {
      throw new DataError(`${this.path}: no problems in it; expected one JSON object a line`);
    }
  }

  #at({ line, start, bytes }: Place): Problem {
    const piece = Buffer.alloc(bytes);
    const read = readSync(this.file, piece, 0, bytes, start);
    try {
      return problemSchema.parse(parseJson(piece.toString("utf8", 0, read).replace(/^\uFEFF/, "")));
    } catch (error) {
      throw new DataError(
        `${this.path}:${line}: is not what it was when the run began; leave the file alone while it trains`,
        { cause: error },
      );
    }
  }
}

const HASH_DIGITS = 12;

/** All ids of a file by a number each: a text would take ten times that. */
class Ids {
  readonly #places = new Map<number, Place>();

  constructor(private readonly idAt: (place: Place) => string) {}

  /** @returns where the id was seen before, if it was */
  add(id: string, place: Place): Place | undefined {
    const { found, hash } = this.#look(id);
    if (!found) this.#places.set(hash, place);
    return found;
  }

  find(id: string): Place | undefined {
    return this.#look(id).found;
  }

  /** Two ids with one hash are told apart by looking again, and the second takes the next number. */
  #look(id: string): { readonly found: Place | undefined; readonly hash: number } {
    let hash = Number.parseInt(sha256(id).slice(0, HASH_DIGITS), 16);
    for (let other = this.#places.get(hash); other; other = this.#places.get(++hash)) {
      if (this.idAt(other) === id) return { found: other, hash };
    }
    return { found: undefined, hash };
  }
}

async function refuseOtherFormats(path: string): Promise<void> {
  const rows = await openRows(path);
  const format = formatOf(rows.fields);
  const readable = rows.unit === "line" && !rows.zipped;
  if (format === undefined || (format === "own" && readable)) return;
  const about = format === "own" ? "not plain JSON lines" : `a file of ${formats[format].about}`;
  const out = `${path.replace(/\.gz$/, "").replace(/\.[^./\\]+$/, "")}-problems.jsonl`;
  throw new UsageError(
    `${path}: ${about}; training reads problems as JSON lines. Convert it, then name the new file:\n` +
      `  coderlplus data convert ${path} --out ${out}`,
  );
}
