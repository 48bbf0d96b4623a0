// Evaluations read back from their folders, whole. Not here: how they are kept and resumed (evaluation.ts).

import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { DataError, messageOf, UsageError } from "../../core/errors.js";
import { readText } from "../../core/files.js";
import { type Json, parseJson } from "../../core/json.js";
import { readRecords } from "../../core/jsonl.js";
import { explain, number } from "../../core/schema.js";
import type { EvaluationInfo, SampleRecord } from "../records.js";

/** One benchmark, answered by one policy. */
export interface Evaluation {
  /** Of its info file. */
  readonly path: string;
  readonly info: EvaluationInfo;
  readonly samples: readonly SampleRecord[];
}

const count = number(z.number().int().nonnegative());
const json = z.custom<Json>(() => true);

const mark = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("right") }),
  z.strictObject({
    kind: z.literal("wrong"),
    reason: z.string(),
    message: z.string().exactOptional(),
    test: z.string().exactOptional(),
    expected: json.exactOptional(),
    got: json.exactOptional(),
  }),
  z.strictObject({ kind: z.literal("infrastructure"), message: z.string() }),
]);

const message = z.strictObject({ role: z.enum(["system", "user", "assistant"]), content: z.string() });

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

const sampleSchema = z.strictObject({
  task: z.string(),
  sample: count,
  difficulty: z.string().exactOptional(),
  date: z.string().exactOptional(),
  prompt: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("chat"), messages: z.array(message) }),
    z.strictObject({ kind: z.literal("text"), text: z.string() }),
  ]),
  text: z.string(),
  stopReason: z.enum(["stop", "length", "no-room"]),
  promptTokens: count.nullable(),
  completionTokens: count.nullable(),
  grade: z.strictObject({ extracted: z.string().nullable(), official: mark, strict: mark, cpuMs: number() }),
});

const INFO = /^(.+)-step-(\d{6,})\.info\.json$/;

/** Whether a path holds evaluations of benchmarks: such a folder, or one evaluation's record in it. */
export function holdsEvaluations(path: string): boolean {
  if (path.endsWith(".json")) return existsSync(infoPath(path));
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true && readdirSync(path).some(isInfo);
}

/**
 * The finished evaluations of a folder, of each benchmark the last step's; or the one whose record is named.
 *
 * @throws UsageError where none is there, DataError naming file, line and field
 */
export function readEvaluations(path: string): Evaluation[] {
  if (!holdsEvaluations(path)) {
    throw new UsageError(
      `${path}: holds no evaluation; expected a folder that coderlplus eval wrote, or BENCHMARK-step-NNNNNN.json in it`,
    );
  }
  const folder = path.endsWith(".json") ? dirname(path) : path;
  const found = path.endsWith(".json") ? [basename(infoPath(path))] : readdirSync(path).filter(isInfo).sort(byStep);
  // The record is written last.
  const finished = found.filter((name) => existsSync(join(folder, name.replace(/\.info\.json$/, ".json"))));
  if (finished.length === 0) {
    throw new UsageError(`${path}: its evaluation is not finished; the same coderlplus eval command goes on with it`);
  }
  const last = new Map(finished.map((name) => [INFO.exec(name)?.[1], name]));
  return [...last.values()].map((name) => readEvaluation(join(folder, name)));
}

function isInfo(name: string): boolean {
  return INFO.test(name);
}

function byStep(a: string, b: string): number {
  return Number(INFO.exec(a)?.[2]) - Number(INFO.exec(b)?.[2]) || (a < b ? -1 : 1);
}

function infoPath(path: string): string {
  return path.endsWith(".info.json") ? path : path.replace(/\.json$/, ".info.json");
}

function readEvaluation(path: string): Evaluation {
  const info = readInfo(path);
  const samples = join(dirname(path), "samples", basename(path).replace(/\.info\.json$/, ".jsonl"));
  return { path, info, samples: readRecords(samples, sampleSchema).map(({ record }) => record) };
}

function readInfo(path: string): EvaluationInfo {
  const value = parsed(path);
  const result = infoSchema.safeParse(value);
  if (!result.success) throw new DataError(`${path}: ${explain(result.error, value, infoSchema)}`);
  return result.data;
}

function parsed(path: string): Json {
  const text = readText(path);
  try {
    return parseJson(text);
  } catch (error) {
    throw new DataError(`${path}: not JSON: ${messageOf(error)}`, { cause: error });
  }
}
