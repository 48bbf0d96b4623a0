// A part of the index as a file: the steps it covers, names, columns. Written once under the hash of its content, never
// changed; so two dashboards write the same file, or two, and a damaged one is known by its name. It is a cache: what is
// read here from rollouts can be read there again at any time, and a file of another version is no file.

import { randomUUID } from "node:crypto";
import { lstat, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { StorageError } from "../../core/errors.js";
import { sha256 } from "../../core/files.js";
import { BYTES_PER_ROW, bytesOf, type Columns, columnsOver, KINDS } from "./columns.js";
import type { Tables } from "./growing.js";

/** The rows of one step's file, as it was by size and time. */
export interface StepRows {
  readonly step: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly columns: Columns;
  /** Its rows among those of the columns, in the order of the file. */
  readonly start: number;
  readonly count: number;
  readonly skipped: Skipped;
}

/** Lines that are no rollouts: how many, and what is wrong with the first of them. */
export interface Skipped {
  readonly count: number;
  readonly first: ReadonlyArray<readonly [line: number, fault: string]>;
}

const count = z.int().nonnegative();

const headerSchema = z.object({
  rows: count,
  steps: z.array(
    z.object({
      step: count,
      size: z.number(),
      mtimeMs: z.number(),
      start: count,
      count,
      skipped: z.object({ count, first: z.array(z.tuple([count, z.string()])) }),
    }),
  ),
  problems: z.array(z.string()),
  reasons: z.array(z.string()),
});
type Header = z.output<typeof headerSchema>;

/** Of the layout of columns, the hash of programs and the header together. */
const VERSION = 1;
const MAGIC = `coderlplus rollouts ${VERSION}\n`;
const NAME = /^segment-([0-9a-f]{64})\.bin$/;
const TEMPORARY = /^segment-[0-9a-f]{64}\.bin\.tmp-[0-9a-f-]+$/;
/** Nobody writes one for so long. */
const LEFT_MS = 3_600_000;
const MAX_BYTES = 1 << 30;

/** @param columns  without room to spare @throws what the file system says */
export async function writeSegment(
  folder: string,
  columns: Columns,
  steps: readonly StepRows[],
  { problems, reasons }: Tables,
): Promise<void> {
  const own = new Map<number, number>();
  const local = columnsOver(new ArrayBuffer(columns.reward.length * BYTES_PER_ROW), columns.reward.length);
  bytesOf(local).set(bytesOf(columns));
  for (const [row, problem] of columns.problem.entries()) {
    const number = own.get(problem) ?? own.size;
    own.set(problem, number);
    local.problem[row] = number;
  }
  const header: Header = {
    rows: columns.reward.length,
    steps: steps.map(({ step, size, mtimeMs, start, count, skipped }) => ({
      step,
      size,
      mtimeMs,
      start,
      count,
      skipped: { count: skipped.count, first: skipped.first.map(([line, fault]) => [line, fault]) },
    })),
    problems: [...own.keys()].map((problem) => problems.all[problem]),
    reasons: [...reasons.all],
  };
  const text = Buffer.from(MAGIC + JSON.stringify(header));
  // Columns of eight bytes an item begin at a multiple of eight.
  const head = Buffer.concat([text, Buffer.alloc(8 - (text.length % 8), 10)]);
  const bytes = Buffer.concat([head, bytesOf(local)]);
  const path = join(folder, `segment-${sha256(bytes)}.bin`);
  await mkdir(folder, { recursive: true });
  if (!(await isFolder(folder))) throw new StorageError(`${folder}: cannot write in it (it is a link)`);
  const temporary = `${path}.tmp-${randomUUID()}`;
  try {
    await writeFile(temporary, bytes);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

/** Names of the files of segments; none where there is no folder. What a kill has left of one is cleared away. */
export async function segmentNames(folder: string): Promise<string[]> {
  const names = (await isFolder(folder)) ? await readdir(folder).catch(() => []) : [];
  for (const name of names.filter((other) => TEMPORARY.test(other))) {
    const path = join(folder, name);
    const { mtimeMs } = await lstat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > LEFT_MS) await rm(path, { force: true }).catch(() => {});
  }
  return names.filter((name) => NAME.test(name));
}

/** A link could lead out of the run. */
async function isFolder(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** The steps of a segment; null where it is damaged, of another version, or gone. */
export async function readSegment(folder: string, name: string, tables: Tables): Promise<StepRows[] | null> {
  try {
    const path = join(folder, name);
    if ((await stat(path)).size > MAX_BYTES) return null;
    const file = await readFile(path);
    if (NAME.exec(name)?.[1] !== sha256(file) || !file.subarray(0, MAGIC.length).equals(Buffer.from(MAGIC)))
      return null;
    const end = file.indexOf("\n", MAGIC.length);
    const header = headerSchema.parse(JSON.parse(file.toString("utf8", MAGIC.length, end)));
    const length = header.rows * BYTES_PER_ROW;
    // A buffer of its own: where a small file lies in one that Node shares, columns would begin anywhere.
    const columns = columnsOver(new Uint8Array(file.subarray(file.length - length)).buffer, header.rows);
    return adopted(header, columns, tables) ? header.steps.map((place) => ({ ...place, columns })) : null;
  } catch {
    return null;
  }
}

/** Gives rows the numbers of our names. @returns whether every number was one of the file's own */
function adopted({ rows, steps, problems, reasons }: Header, columns: Columns, tables: Tables): boolean {
  const problemNumbers = Uint32Array.from(problems, (name) => tables.problems.add(name) ?? 0);
  const reasonNumbers = [0, ...reasons.map((name) => (tables.reasons.add(name) ?? -1) + 1)];
  for (let row = 0; row < rows; row++) {
    const [problem, reason] = [columns.problem[row], columns.reason[row]];
    if (problem >= problems.length || reason >= reasonNumbers.length || columns.kind[row] >= KINDS) return false;
    columns.problem[row] = problemNumbers[problem];
    columns.reason[row] = reasonNumbers[reason];
  }
  return steps.every(({ start, count }) => start + count <= rows);
}
