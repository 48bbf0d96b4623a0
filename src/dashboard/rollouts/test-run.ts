// Runs for the tests of this folder: real ones, by the run directory, with records of few words.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RolloutRecord, RunInfo } from "../../runs/records.js";
import { RunDirectory } from "../../runs/run-directory.js";

const info: RunInfo = {
  name: "test",
  status: "running",
  seed: 0,
  startedAt: "2026-01-01T00:00:00.000Z",
  recipe: "test",
  versions: {},
  gitRevision: null,
  host: {},
  steps: 9,
  stepsDone: 0,
  dataHashes: {},
};

export function freshRun(config = "", more: Partial<RunInfo> = {}): RunDirectory {
  return RunDirectory.create(
    join(mkdtempSync(join(tmpdir(), "coderlplus-rows-")), "run"),
    { ...info, ...more },
    config,
  );
}

/** A code rollout that failed, unless told otherwise. */
export function record(step: number, group: number, sample: number, more: Partial<RolloutRecord> = {}): RolloutRecord {
  return {
    step,
    task: "code",
    problem: "p/1",
    group,
    sample,
    prompt: "# add",
    completion: "x = 1",
    stopReason: "stop",
    program: "x = 1",
    verdict: { kind: "failed", reason: "wrong-answer", passed: 0, total: 1 },
    tests: [{ kind: "wrong-answer", expected: 3, got: 2, cpuMs: 1.5 }],
    reward: 0,
    rewardParts: { passed: 0, total: 1 },
    advantage: -0.5,
    tokens: 5,
    ...more,
  };
}

type Alignment = NonNullable<RolloutRecord["alignment"]>;

/** A question about a program's run, with the answer that the model gave. */
export function question(
  step: number,
  group: number,
  sample: number,
  alignment: Partial<Alignment>,
  more: Partial<RolloutRecord> = {},
): RolloutRecord {
  const { program: _, verdict: __, tests: ___, ...plain } = record(step, group, sample);
  return {
    ...plain,
    task: "alignment",
    rewardParts: {},
    alignment: {
      program: "x = 1",
      input: { kind: "stdio", stdin: "" },
      target: "finalValues",
      asked: ["x"],
      truth: { variables: { x: 1 } },
      predicted: null,
      ...alignment,
    },
    ...more,
  };
}

/** The places of rows, for people to read: `step.group.sample`. */
export function places(rows: ReadonlyArray<{ step: number; group: number; sample: number }>): string[] {
  return rows.map(({ step, group, sample }) => `${step}.${group}.${sample}`);
}
