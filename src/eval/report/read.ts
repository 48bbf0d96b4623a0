// Evaluations read back from their folders, whole. Not here: how they are kept and resumed (evaluation.ts).

import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UsageError } from "../../core/errors.js";
import { readRecords } from "../../core/jsonl.js";
import { evaluationPaths, readInfo, sampleSchema } from "../evaluation-files.js";
import type { EvaluationInfo, SampleRecord } from "../records.js";

/** One benchmark, answered by one policy. */
export interface Evaluation {
  /** Of its info file. */
  readonly path: string;
  readonly info: EvaluationInfo;
  readonly samples: readonly SampleRecord[];
}

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
  const { samples } = evaluationPaths(dirname(path), info);
  return { path, info, samples: readRecords(samples, sampleSchema).map(({ record }) => record) };
}
