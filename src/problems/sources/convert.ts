// Files of data sets as one stream of problems: names made unique, what is left out counted by its reason. Nothing is
// run here: whether references pass is what `data check` asks.

import { DataError } from "../../core/errors.js";
import type { Problem } from "../problem.js";
import type { FormatName } from "./formats.js";
import { openSource, placeText, type SourceItem } from "./source.js";

export interface ConvertOptions {
  readonly format?: FormatName | undefined;
  /** Stop after so many problems. */
  readonly limit?: number | undefined;
  /** Keep only problems with this in their metadata, or in `source`, `language` or `license`. */
  readonly where?: { readonly key: string; readonly value: string } | undefined;
  /** For problems whose format names none. */
  readonly license?: string | undefined;
  /** End at the first malformed row. */
  readonly strict?: boolean | undefined;
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
}

export interface ConvertProgress {
  readonly rows: number;
  readonly problems: number;
  /** Of all files by their number, 0 to 1. */
  readonly share: number;
}

/** Why rows did not become problems. */
interface LeftOut {
  readonly kind: "skipped" | "malformed";
  readonly reason: string;
  readonly rows: number;
  /** Where the first of them stands, and what it was there. */
  readonly first: string;
}

export interface Conversion {
  readonly formats: readonly FormatName[];
  readonly rows: number;
  readonly problems: number;
  readonly leftOut: readonly LeftOut[];
}

/**
 * Reads the files in turn and hands each problem to `write`. The same files give the same problems with the same ids: an
 * id that occurs again gets `#2`, `#3`.
 *
 * @throws DataError at the first malformed row where `strict`, and where no problem was found at all
 */
export async function convertFiles(
  paths: readonly string[],
  options: ConvertOptions,
  write: (problem: Problem) => void,
): Promise<Conversion> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  const funnel = new Funnel();
  const ids = new Map<string, number>();
  const formats: FormatName[] = [];
  let problems = 0;
  for (const [done, path] of paths.entries()) {
    if (problems >= limit) break;
    const source = await openSource(path, options);
    formats.push(source.format);
    for await (const item of source) {
      const problem = kept(item, options, funnel);
      if (problem) {
        write({ ...problem, id: uniqueId(problem.id, ids), ...licensed(problem, options.license) });
        problems++;
      }
      options.onProgress?.({ rows: funnel.rows, problems, share: (done + source.share()) / paths.length });
      if (problems >= limit) break;
    }
  }
  const conversion = { formats, rows: funnel.rows, problems, leftOut: funnel.leftOut() };
  if (problems === 0) throw new DataError(nothing(paths, conversion));
  return conversion;
}

function kept(item: SourceItem, { where, strict }: ConvertOptions, funnel: Funnel): Problem | undefined {
  funnel.rows++;
  if (item.kind === "problem") {
    if (!where || fieldOf(item.problem, where.key) === where.value) return item.problem;
    funnel.add({ kind: "skipped", where: item.where, reason: `${where.key} is not ${where.value}`, detail: "" });
    return undefined;
  }
  if (strict && item.kind === "malformed") throw new DataError(lineOf(item));
  funnel.add(item);
  return undefined;
}

function fieldOf(problem: Problem, key: string): string | undefined {
  if (key === "source" || key === "language" || key === "license") return problem[key];
  const value = problem.metadata[key];
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function uniqueId(id: string, seen: Map<string, number>): string {
  const times = (seen.get(id) ?? 0) + 1;
  seen.set(id, times);
  if (times === 1) return id;
  // Another row may be called so already.
  return uniqueId(`${id}#${times}`, seen);
}

function licensed(problem: Problem, license: string | undefined): { license?: string } {
  return problem.license === undefined && license !== undefined ? { license } : {};
}

type Dropped = Exclude<SourceItem, { kind: "problem" }>;

function lineOf({ where, reason, detail }: Dropped): string {
  return `${placeText(where)}: ${reason}${detail === "" ? "" : `; ${detail}`}`;
}

/** Distinct reasons that are told apart: a hostile file could make one a row. */
const MAXIMUM_REASONS = 60;

class Funnel {
  rows = 0;
  readonly #reasons = new Map<string, { kind: LeftOut["kind"]; reason: string; rows: number; first: string }>();

  add(item: Dropped): void {
    const room = this.#reasons.size < MAXIMUM_REASONS || this.#reasons.has(`${item.kind} ${item.reason}`);
    const reason = room ? item.reason : "other reasons";
    const key = `${item.kind} ${reason}`;
    const known = this.#reasons.get(key);
    if (known) known.rows++;
    else this.#reasons.set(key, { kind: item.kind, reason, rows: 1, first: lineOf(item) });
  }

  leftOut(): LeftOut[] {
    return [...this.#reasons.values()].sort((a, b) => b.rows - a.rows);
  }
}

function nothing(paths: readonly string[], { rows, leftOut }: Conversion): string {
  const why = leftOut.slice(0, 3).map(({ reason, rows: count, first }) => `\n  ${count}: ${reason} (${first})`);
  return `${paths.join(", ")}: none of the ${rows} rows is a problem${why.join("")}`;
}
