// The checker swap: programs that one variant's model wrote, chosen by what another's predicts of them. It tells
// whether self-check gains come from the checker or from the programs. The programs are those that the last evaluation
// stored, with their verdicts: nothing is drawn or judged again, only predicted.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { readText, sha256, writeAtomic } from "../../core/files.js";
import { mean, standardDeviation } from "../../core/maths.js";
import { predictedMatches, submitted } from "../../eval/family/self-check.js";
import { type Interval, pairedInterval, type SeedScores } from "../../runs/compare.js";
import type { EvaluationSample } from "../../runs/records.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { resolveConfig } from "../config/resolve.js";
import type { Config } from "../config/schema.js";
import { weightsHash } from "../hashes.js";
import { openParts } from "../parts.js";
import { type Job, modelFolder, type Plan, type TrainTask } from "./plan.js";
import { stateOf } from "./state.js";

export interface SwapCell {
  /** Whose programs. */
  readonly programs: string;
  /** Whose predictions choose among them. */
  readonly checker: string;
  /** Mean over seeds of the self-check at 8, and its standard deviation. */
  readonly value: number;
  readonly spread: number;
  /** Against the same programs checked by their own writer; null for that cell itself. */
  readonly byChecker: Interval | null;
  /** Against the same checker on its own programs; null for that cell itself. */
  readonly byPrograms: Interval | null;
}

const MEASURE = "self_check_at_8";

/** [programs x checkers], over the seeds that all swapped variants have finished; empty where there is none. */
export async function swapCheckers(plan: Plan, say: (text: string) => void): Promise<SwapCell[]> {
  const names = plan.study.swap;
  const seeds = plan.study.seeds.filter((seed) => names.every((name) => finished(plan, name, seed)));
  if (names.length < 2 || seeds.length === 0) return [];
  const cells = new Map<string, SeedScores[]>();
  const at = (programs: string, checker: string): SeedScores[] => cells.get(`${programs} ${checker}`) ?? [];
  for (const seed of seeds) {
    const runs = names.map((name) => evaluatedRun(finished(plan, name, seed) as Job));
    for (const [c, checker] of names.entries()) {
      const own = runs[c];
      const others = runs.filter((run) => run !== own);
      const checked = await checkedBy(own, others, join(plan.folder, "swap", `${checker}-seed-${seed}.json`), say);
      for (const [p, programs] of names.entries()) {
        const index = others.indexOf(runs[p]);
        const samples = index < 0 ? own.samples : scoresOf(others[index]?.samples ?? [], checked[index] ?? []);
        cells.set(`${programs} ${checker}`, [...at(programs, checker), { seed, samples }]);
      }
    }
  }
  return names.flatMap((programs) =>
    names.map((checker): SwapCell => {
      const scores = at(programs, checker);
      const values = scores.map(({ samples }) => mean(samples.flatMap((sample) => sample.scores[MEASURE] ?? [])));
      const own = programs === checker;
      return {
        programs,
        checker,
        value: mean(values),
        spread: standardDeviation(values),
        byChecker: own ? null : pairedInterval(MEASURE, scores, at(programs, programs)),
        byPrograms: own ? null : pairedInterval(MEASURE, scores, at(checker, checker)),
      };
    }),
  );
}

function finished({ jobs }: Plan, name: string, seed: number): Job | undefined {
  const job = jobs.find((other) => other.variant === name && other.seed === seed);
  return job?.tasks.every((task) => stateOf(task).kind === "finished") ? job : undefined;
}

interface EvaluatedRun {
  readonly task: TrainTask;
  /** Where the model is that the run made. */
  readonly model: string;
  readonly samples: readonly EvaluationSample[];
}

function evaluatedRun({ tasks }: Job): EvaluatedRun {
  const task = tasks.at(-1) as TrainTask;
  const samples = RunDirectory.open(task.path).readEvaluationSamples("family", task.config.train.steps);
  return { task, model: modelFolder(task), samples };
}

/** [runs][problems][N] how many visible examples the checker believes right; null where it was not asked. */
type Predictions = Array<Array<Array<number | null>>>;

/** Kept in a file for the next time. */
async function checkedBy(
  checker: EvaluatedRun,
  runs: readonly EvaluatedRun[],
  file: string,
  say: (text: string) => void,
): Promise<Predictions> {
  const key = sha256(JSON.stringify([weightsHash(checker.model), runs.map(({ samples }) => samples)]));
  const kept = existsSync(file) ? (JSON.parse(readText(file)) as { key: string; predicted: Predictions }) : null;
  if (kept?.key === key) return kept.predicted;
  const start = performance.now();
  const predicted = await predict(
    { ...checker.task.config, engine: { ...checker.task.config.engine, model: checker.model } },
    runs,
  );
  writeAtomic(file, `${JSON.stringify({ key, predicted })}\n`);
  say(
    `${checker.task.label} checked the programs of the others in ${Math.round((performance.now() - start) / 1000)} s`,
  );
  return predicted;
}

async function predict(config: Config, runs: readonly EvaluatedRun[]): Promise<Predictions> {
  const parts = await openParts(resolveConfig(config, "checker"));
  try {
    const { engine, sandbox, dialect, evaluation: problems } = parts;
    const tools = { engine, sandbox, dialect, problems };
    const predicted: Predictions = [];
    for (const { samples } of runs) {
      const candidates = samples.map((sample) => sample.candidates ?? []);
      predicted.push(await predictedMatches(tools, candidates, config.rollouts.maximumTokens));
    }
    return predicted;
  } finally {
    await parts.close();
  }
}

function scoresOf(
  samples: readonly EvaluationSample[],
  predicted: ReadonlyArray<ReadonlyArray<number | null>>,
): EvaluationSample[] {
  return samples.map((sample, i) => {
    const candidates = (sample.candidates ?? []).map((candidate, n) => ({
      ...candidate,
      predicted: predicted[i]?.[n] ?? null,
    }));
    if (sample.scores[MEASURE] === undefined) return { ...sample, scores: {} };
    return { ...sample, scores: { [MEASURE]: submitted(candidates, (candidate) => candidate.predicted) } };
  });
}
