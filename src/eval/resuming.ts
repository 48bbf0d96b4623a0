// Whether an evaluation may go on with what lies in its folder: the same policy, decoding and data, and no sample that is
// not asked for. Not here: how samples are kept (sample-store.ts).

import { rmSync } from "node:fs";
import { UsageError } from "../core/errors.js";
import { writeAtomic } from "../core/files.js";
import type { Task } from "./benchmarks/benchmark.js";
import type { EvaluationOptions } from "./evaluation.js";
import { evaluationPaths, readInfo } from "./evaluation-files.js";
import type { EvaluationInfo } from "./records.js";
import { SampleStore } from "./sample-store.js";

/** @throws UsageError naming what differs */
export function openStore(
  tasks: readonly Task[],
  info: EvaluationInfo,
  { folder, fresh }: EvaluationOptions,
): SampleStore {
  const paths = evaluationPaths(folder, info);
  if (fresh) for (const path of [paths.record, paths.samples, paths.journal]) rmSync(path, { force: true });
  const store = new SampleStore(folder, paths);
  const kept = store.places();
  if (kept.length > 0) {
    checkSame(paths.info, readInfo(paths.info), info);
    checkAsked(paths.samples, kept, tasks, info);
  }
  // What it says would be older than its samples.
  if (kept.length < tasks.length * info.decoding.samples) rmSync(paths.record, { force: true });
  writeAtomic(paths.info, `${JSON.stringify(info, null, 2)}\n`);
  return store;
}

/** How many tasks and samples are asked may change: it decides how many there are, not what they are. */
function checkSame(path: string, before: EvaluationInfo, now: EvaluationInfo): void {
  const [were, are] = [before, now].map(({ identity, decoding, seed, dataSha256 }) => {
    const { samples: _, ...draws } = decoding;
    const entries = [...Object.entries({ ...identity, seed, dataSha256 }), ...Object.entries(draws)];
    return new Map(entries.map(([name, value]) => [name, JSON.stringify(value)]));
  }) as [Map<string, string>, Map<string, string>];
  const names = [...new Set([...were.keys(), ...are.keys()])].filter((name) => were.get(name) !== are.get(name));
  if (names.length === 0) return;
  const differences = names.map((name) => `${name} ${were.get(name) ?? "none"}, now ${are.get(name) ?? "none"}`);
  throw new UsageError(
    `${path}: the samples there are of another evaluation: ${differences.join("; ")}. ` +
      "Choose another folder with --out, or throw them away with --fresh",
  );
}

/** Samples that nobody asks for would fall out of the file that is written at the end. */
function checkAsked(
  path: string,
  kept: ReturnType<SampleStore["places"]>,
  tasks: readonly Task[],
  info: EvaluationInfo,
) {
  const asked = new Set(tasks.map(({ id }) => id));
  const [strange, ...more] = kept.filter(({ task, sample }) => !asked.has(task) || sample >= info.decoding.samples);
  if (!strange) return;
  throw new UsageError(
    `${path}: ${1 + more.length} kept samples are not asked for now, such as ${strange.task} ` +
      `(${strange.sample}): ask for as many tasks and samples or more, choose another folder with --out, ` +
      "or throw them away with --fresh",
  );
}
