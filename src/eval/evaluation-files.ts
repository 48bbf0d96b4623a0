// The files of an evaluation: where each lies, and its shape, to which whatever is read back is held, after a kill or for
// a report. Not here: when they are written (sample-store.ts).

import { join } from "node:path";
import { z } from "zod";
import { DataError, messageOf } from "../core/errors.js";
import { readText } from "../core/files.js";
import { type Json, parseJson } from "../core/json.js";
import { explain, number } from "../core/schema.js";
import type { EvaluationInfo } from "./records.js";

/** Where an evaluation lies in its folder. */
export interface EvaluationPaths {
  /** There once it is finished, and only then. */
  readonly record: string;
  readonly info: string;
  readonly samples: string;
  /** Of an evaluation that is not finished. */
  readonly journal: string;
  /** Of its folder `samples`, while a process writes it. */
  readonly lock: string;
}

export function evaluationPaths(
  folder: string,
  { benchmark, prompts, step }: Pick<EvaluationInfo, "benchmark" | "prompts" | "step">,
): EvaluationPaths {
  const key = `${benchmark}${prompts === "upstream" ? "-upstream" : ""}-step-${String(step).padStart(6, "0")}`;
  return {
    record: join(folder, `${key}.json`),
    info: join(folder, `${key}.info.json`),
    samples: join(folder, "samples", `${key}.jsonl`),
    journal: join(folder, "samples", `${key}.journal.jsonl`),
    lock: `${key}.lock`,
  };
}

const count = number(z.number().int().nonnegative());
/** Values of programs keep their types. */
const value = z.custom<Json>(() => true).exactOptional();

const mark = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("right") }),
  z.strictObject({
    kind: z.literal("wrong"),
    reason: z.string(),
    dropped: z.literal(true).exactOptional(),
    message: z.string().exactOptional(),
    test: z.string().exactOptional(),
    expected: value,
    got: value,
  }),
  z.strictObject({ kind: z.literal("infrastructure"), message: z.string() }),
]);

const grade = z.strictObject({
  extracted: z.string().nullable(),
  official: mark,
  strict: mark,
  cpuMs: number(z.number().nonnegative()),
});

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
const place = { task: z.string(), sample: count };
const completion = {
  text: z.string(),
  stopReason: z.enum(["stop", "length", "no-room"]),
  promptTokens: count.nullable(),
  completionTokens: count.nullable(),
};

/** A line of a finished evaluation's samples. */
export const sampleSchema = z.strictObject({
  ...place,
  difficulty: z.string().exactOptional(),
  date: z.string().exactOptional(),
  prompt: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("chat"), messages: z.array(message) }),
    z.strictObject({ kind: z.literal("text"), text: z.string() }),
  ]),
  ...completion,
  grade,
});

/** A line of an unfinished one's journal: a completion as it came, later its grade. */
export const journalSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("completion"), ...place, ...completion }),
  z.strictObject({ kind: z.literal("grade"), ...place, grade }),
]);

const infoSchema = z.strictObject({
  benchmark: z.string(),
  policy: z.string(),
  identity: z.record(z.string(), z.string()),
  step: count,
  prompts: z.enum(["official", "upstream"]),
  decoding: z.strictObject({
    samples: number(z.number().int().positive()),
    temperature: number(),
    topP: number(),
    maximumTokens: count,
    contextTokens: count.exactOptional(),
    stop: z.array(z.string()),
  }),
  seed: count,
  dataSha256: z.string(),
  tasks: count,
});

/** @throws DataError, UsageError where it is not there or no info of ours */
export function readInfo(path: string): EvaluationInfo {
  const text = readText(path);
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    throw new DataError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
  const result = infoSchema.safeParse(value);
  if (!result.success) throw new DataError(`${path}: ${explain(result.error, value, infoSchema)}`);
  return result.data;
}
