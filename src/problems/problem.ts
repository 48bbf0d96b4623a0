// A problem: what the model is asked and the tests that decide. One record a line in a JSONL file.

import { z } from "zod";
import { DataError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import { readRecords } from "../core/jsonl.js";
import { number } from "../core/schema.js";

/** Anything the lossless codec reads: a tagged Python value. */
export const value: z.ZodType<Json> = z.custom<Json>((input) => input !== undefined, "expected a value");

const visible = z.boolean().optional();

const testSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stdio"), stdin: z.string(), stdout: z.string(), visible }),
  z.strictObject({
    kind: z.literal("call"),
    function: z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "expected a function name"),
    arguments: z.array(value),
    keywords: z.record(z.string(), value).optional(),
    expected: value,
    visible,
  }),
  z.strictObject({ kind: z.literal("assert"), code: z.string(), visible }),
  z.strictObject({ kind: z.literal("check"), code: z.string(), entryPoint: z.string(), visible }),
]);

const limitsSchema = z.strictObject({
  timeMs: number(z.number().positive()).default(6000),
  memoryBytes: number(z.number().int().positive()).default(256 * 1024 * 1024),
  outputBytes: number(z.number().int().positive()).default(1024 * 1024),
});

const comparisonSchema = z.strictObject({
  floatTolerance: number(z.number().nonnegative()).nullable().default(null),
  unordered: z.boolean().default(false),
  tupleAsList: z.boolean().default(false),
});

export const problemSchema = z.strictObject({
  id: z.string().min(1, "expected a non-empty id"),
  language: z.enum(["python", "javascript"]),
  prompt: z.string(),
  entryPoint: z.string().optional(),
  starterCode: z.string().optional(),
  tests: z.array(testSchema).min(1, "expected at least one test: without tests nothing can be judged"),
  preamble: z.string().default(""),
  limits: limitsSchema.prefault({}),
  comparison: comparisonSchema.prefault({}),
  reference: z.string().optional(),
  source: z.string().optional(),
  license: z.string().optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
});

export type Problem = z.output<typeof problemSchema>;
export type Test = z.output<typeof testSchema>;
export type Limits = z.output<typeof limitsSchema>;
export type Comparison = z.output<typeof comparisonSchema>;
export const defaultLimits: Limits = limitsSchema.parse({});

/** What a program is run on. */
export type ProgramInput =
  | { readonly kind: "stdio"; readonly stdin: string }
  | {
      readonly kind: "call";
      readonly function: string;
      readonly arguments: readonly Json[];
      readonly keywords?: Readonly<Record<string, Json>> | undefined;
    };

/** The problems of a file. @throws DataError naming file, line and field; also for an id that occurs twice. */
export function readProblems(path: string): Problem[] {
  const records = readRecords(path, problemSchema);
  if (records.length === 0) throw new DataError(`${path}: no problems in it; expected one JSON object a line`);
  const lines = new Map<string, number>();
  for (const { line, record } of records) {
    const first = lines.get(record.id);
    if (first !== undefined) {
      throw new DataError(
        `${path}:${line}: id: "${record.id}" is the id of line ${first} too; ids are unique in a file`,
      );
    }
    lines.set(record.id, line);
  }
  return records.map(({ record }) => record);
}
