// One run as a whole: its config, what it was made with, what it holds. Its rollouts and curves are asked for apart.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { bestSchema } from "../runs/schemas.js";
import type { RunDetail, RunSummary } from "./api/runs.js";
import type { CurveReader } from "./curves.js";
import { evaluatedSteps } from "./evaluation-files.js";
import { readChecked, readWhole } from "./files.js";
import { readSettings } from "./settings.js";
import { infoSchema, namesIn } from "./summary.js";

const bestCheckpoint = z.object(bestSchema.shape);

/** What is damaged is left out, and the summary says so. */
export async function describeRun(path: string, summary: RunSummary, curves: CurveReader): Promise<RunDetail> {
  const problems = summary.problem === undefined ? [] : [summary.problem];
  const reading = <T>(read: () => T, otherwise: T): T => {
    try {
      return read();
    } catch (error) {
      problems.push((error as Error).message);
      return otherwise;
    }
  };
  const config = reading(() => readWhole(join(path, "config.yaml")), "");
  const info = reading(() => readChecked(join(path, "run.json"), infoSchema), null);
  const { metrics, problem } = await curves.overview(path);
  if (problem !== null) problems.push(problem);
  const best = reading(() => bestOf(path), null);
  const settings = reading(() => readSettings(path), {});
  return {
    summary: problems.length === 0 ? summary : { ...summary, problem: [...new Set(problems)].join("\n") },
    config,
    settings,
    versions: info?.versions ?? {},
    host: info?.host ?? {},
    gitRevision: info?.gitRevision ?? null,
    dataHashes: info?.dataHashes ?? {},
    metrics: [...metrics],
    evaluations: evaluationsOf(path),
    rollouts: rolloutSteps(path),
    best,
  };
}

function bestOf(path: string): RunDetail["best"] {
  const file = join(path, "best.json");
  return existsSync(file) ? readChecked(file, bestCheckpoint) : null;
}

function evaluationsOf(path: string): RunDetail["evaluations"] {
  const steps = new Map<string, number[]>();
  for (const { benchmark, step } of evaluatedSteps(path)) {
    steps.set(benchmark, [...(steps.get(benchmark) ?? []), step]);
  }
  return [...steps].map(([benchmark, all]) => ({ benchmark, steps: all }));
}

function rolloutSteps(path: string): RunDetail["rollouts"] {
  const steps = namesIn(join(path, "rollouts")).flatMap((name) => {
    const step = /^step-(\d{1,15})\.jsonl$/.exec(name)?.[1];
    return step === undefined ? [] : [Number(step)];
  });
  if (steps.length === 0) return null;
  const extreme = (pick: (a: number, b: number) => number): number => steps.reduce((a, b) => pick(a, b));
  return { first: extreme(Math.min), last: extreme(Math.max), steps: steps.length };
}
