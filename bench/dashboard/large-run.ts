// A run's folder of any size, as a trainer on the bundled family writes it: the same records for the same seed. What is
// in them is made up: outcomes are drawn, nothing was judged.

import { Rng } from "../../src/core/rng.js";
import type { TestOutcome } from "../../src/judge/verdict.js";
import { bundled } from "../../src/problems/bundled.js";
import { inputOf } from "../../src/problems/examples.js";
import { type Problem, readProblems } from "../../src/problems/problem.js";
import type { RolloutRecord } from "../../src/runs/records.js";
import { RunDirectory } from "../../src/runs/run-directory.js";

const GROUP = 10;
/** Of ten groups, how many are of code. */
const CODE_GROUPS = 6;
const SEED = 0;

/** @param rollouts  of a step, a multiple of ten */
export function writeLargeRun(path: string, steps: number, rollouts: number, onStep: (step: number) => void): void {
  const run = RunDirectory.create(path, infoOf(steps), "data:\n  train: bundled\n  evaluation: bundled\n");
  const problems = readProblems(bundled("bundled", "train"));
  let failed: RolloutRecord[] = [];
  for (let step = 1; step <= steps; step++) {
    const rng = Rng.of(SEED, step);
    const records = Array.from({ length: rollouts / GROUP }, (_, group) => {
      const isCode = group % 10 < CODE_GROUPS || failed.length === 0;
      return isCode ? codeGroup(step, group, rng.pick(problems), rng) : alignmentGroup(step, group, failed, rng);
    }).flat();
    run.writeRollouts(step, records);
    failed = records.filter(({ verdict }) => verdict?.kind === "failed");
    onStep(step);
  }
  run.release();
}

const infoOf = (steps: number): Parameters<typeof RunDirectory.create>[1] => ({
  name: "large",
  status: "finished",
  seed: SEED,
  startedAt: "2026-01-01T00:00:00.000Z",
  recipe: "bench",
  versions: {},
  gitRevision: null,
  host: {},
  steps,
  stepsDone: steps,
  dataHashes: {},
});

function codeGroup(step: number, group: number, problem: Problem, rng: Rng): RolloutRecord[] {
  const { prompt, reference = "", tests, id } = problem;
  const body = reference.slice(reference.indexOf("\n"));
  return Array.from({ length: GROUP }, (_, sample) => {
    const passed = rng.uniform() < 0.6 ? tests.length : rng.integer(0, tests.length - 1);
    // Programs differ, as samples do, in a name here and a number there.
    const completion = passed === tests.length ? body : body.replace(/\b[b-d]\b/, `v${rng.integer(0, 99)}`);
    const kind = passed === tests.length ? ("passed" as const) : ("failed" as const);
    const verdict = { kind, passed, total: tests.length };
    return {
      step,
      task: "code" as const,
      problem: id,
      group,
      sample,
      prompt: `${prompt}def f(x):`,
      completion,
      stopReason: "stop" as const,
      program: `def f(x):${completion}`,
      verdict:
        verdict.kind === "failed"
          ? { ...verdict, kind: "failed", reason: "wrong-answer" }
          : { ...verdict, kind: "passed" },
      tests: tests.map((_, i) => outcomeOf(i, passed, rng)),
      reward: Number(kind === "passed"),
      rewardParts: { passed, total: tests.length },
      advantage: rng.normal(),
      tokens: Math.round(completion.length / 2),
    };
  });
}

function outcomeOf(test: number, passed: number, rng: Rng): TestOutcome {
  if (test > passed) return { kind: "not-run" };
  const cpuMs = rng.uniform() * 3;
  if (test < passed) return { kind: "passed", cpuMs };
  return { kind: "wrong-answer", expected: rng.integer(-9, 9), got: rng.integer(-9, 9), cpuMs };
}

function alignmentGroup(step: number, group: number, failed: readonly RolloutRecord[], rng: Rng): RolloutRecord[] {
  const { problem, program = "" } = rng.pick(failed);
  const values = (): Record<string, number[]> => ({
    "f.a": [rng.integer(0, 9), rng.integer(0, 9)],
    "f.b": [rng.integer(0, 9)],
    "f.c": [rng.integer(0, 9)],
  });
  const truth = { variables: values(), output: rng.integer(0, 9) };
  const input = inputOf({ kind: "call", function: "f", arguments: [[0, 5, 3, 4]], expected: null });
  return Array.from({ length: GROUP }, (_, sample) => {
    const predicted = { variables: values(), output: rng.integer(0, 9) };
    const reward = rng.integer(0, 4) / 4;
    return {
      step,
      task: "alignment" as const,
      problem,
      group,
      sample,
      prompt: `${program}\n# f([0, 5, 3, 4]) -> f.a, f.b, f.c, output\n`,
      completion: JSON.stringify(predicted),
      stopReason: "stop" as const,
      alignment: {
        program,
        input: input as never,
        target: "finalValues",
        asked: ["f.a", "f.b", "f.c"],
        truth,
        predicted,
      },
      reward,
      rewardParts: { variablesRight: reward * 4, variablesAsked: 3, outputRight: 0 },
      advantage: rng.normal(),
      tokens: 24,
    };
  });
}
