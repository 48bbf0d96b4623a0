// A problem: what the model is asked and the tests that decide. One record a line in a JSONL file.

import { z } from "zod";
import { DataError } from "../core/errors.js";
import { entriesOf, type Json, stringifyJson } from "../core/json.js";
import { readRecords } from "../core/jsonl.js";
import { number } from "../core/schema.js";
import { faultIn, isObject } from "./tags.js";

/** A tagged Python value, whatever a program may leave behind. */
export const value = tagged(true);

/** A tagged Python value that a program can be given: no classes of its own, no marks for what could not be written. */
const argument = tagged(false);

function tagged(anyTag: boolean): z.ZodType<Json> {
  return z.custom<Json>().superRefine((input, context) => {
    const fault = faultIn(input, anyTag);
    if (fault) context.addIssue({ code: "custom", ...fault });
  });
}

/** Arguments by keyword. Kept as they are: a copy would lose the order of names that look like numbers. */
const keywords = z
  .custom<Readonly<Record<string, Json>>>()
  .superRefine((input, context) => {
    if (!isObject(input)) return context.addIssue({ code: "custom", message: "expected an object" });
    for (const [name, item] of entriesOf(input)) {
      const fault = faultIn(item, false);
      if (fault) context.addIssue({ code: "custom", message: fault.message, path: [name, ...fault.path] });
    }
  })
  .meta({ type: "object", additionalProperties: {} });

const visible = z.boolean().optional();

/** What can be written to a stream: half a surrogate pair would reach the program as another character. */
const streamed = z.string().regex(/^\P{Cs}*$/u, "expected no half of a surrogate pair");

const testSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stdio"), stdin: streamed, stdout: streamed, visible }),
  z.strictObject({
    kind: z.literal("call"),
    function: z.string().regex(/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/, "expected a function name"),
    arguments: z.array(argument),
    keywords: keywords.optional(),
    expected: value,
    visible,
  }),
  z.strictObject({ kind: z.literal("assert"), code: z.string(), visible }),
  z.strictObject({ kind: z.literal("check"), code: z.string(), entryPoint: z.string(), visible }),
]);

const limitsSchema = z.strictObject({
  /** For each test. */
  timeMs: number(z.number().positive()).default(6000),
  /** For all tests of a problem together. */
  totalMs: number(z.number().positive()).optional(),
  memoryBytes: number(z.number().int().positive()).default(256 * 1024 * 1024),
  outputBytes: number(z.number().int().positive()).default(1024 * 1024),
});

const comparisonSchema = z.strictObject({
  floatTolerance: number(z.number().nonnegative()).nullable().default(null),
  unordered: z.boolean().default(false),
  tupleAsList: z.boolean().default(false),
});

const MAX_FILES = 100;
const MAX_FILES_LENGTH = 8 * 1024 * 1024;
const FILE_NAME = /^[A-Za-z0-9_][\w.-]*(\/[A-Za-z0-9_][\w.-]*){0,7}$/;

/** Files that lie in the program's folder while it runs: modules to import, data to open. */
export const filesSchema = z.preprocess(byName, z.record(z.string(), streamed)).superRefine((files, context) => {
  const fail = (message: string, path: string[] = []): void => context.addIssue({ code: "custom", message, path });
  const names = Object.keys(files);
  for (const name of names) {
    if (name.length > 200 || !FILE_NAME.test(name)) {
      fail('expected a relative path of letters, digits, "_", "-" and ".", such as "helper.py" or "data/words.txt"', [
        name,
      ]);
    } else if (names.some((other) => other.startsWith(`${name}/`)))
      fail("expected a file; others name it a folder", [name]);
  }
  if (names.length > MAX_FILES) fail(`expected at most ${MAX_FILES} files`);
  const length = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (length > MAX_FILES_LENGTH) fail(`expected at most ${MAX_FILES_LENGTH} bytes in all`);
});

/** Metadata is looked up by name; the order of the names says nothing. */
function byName(input: unknown): unknown {
  return isObject(input) ? Object.fromEntries(entriesOf(input)) : input;
}

const recordSchema = z.strictObject({
  id: z.string().min(1, "expected a non-empty id"),
  language: z.enum(["python", "javascript"]),
  prompt: z.string(),
  entryPoint: z.string().optional(),
  starterCode: z.string().optional(),
  tests: z.array(testSchema).min(1, "expected at least one test: without tests nothing can be judged"),
  preamble: z.string().default(""),
  files: filesSchema.optional(),
  limits: limitsSchema.prefault({}),
  comparison: comparisonSchema.prefault({}),
  reference: z.string().optional(),
  source: z.string().optional(),
  license: z.string().optional(),
  metadata: z.preprocess(byName, z.record(z.string(), z.unknown())).default({}),
});

export const problemSchema = recordSchema.superRefine(({ language, tests }, context) => {
  if (language === "python") return;
  const at = tests.findIndex((test) => test.kind === "call" && NODE_TAG.test(stringifyJson(test)));
  if (at < 0) return;
  const message = 'expected no "$list_node" and no "$tree_node": JavaScript programs are given arrays';
  context.addIssue({ code: "custom", message, path: ["tests", at] });
});

const NODE_TAG = /"\$(list|tree)_node"/;

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
