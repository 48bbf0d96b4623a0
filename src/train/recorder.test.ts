import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import type { RolloutRecord } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { Recorder } from "./recorder.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-recorder-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

function recording(): { readonly run: RunDirectory; readonly recorder: Recorder } {
  const info = {
    name: "recorded",
    status: "running",
    seed: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    recipe: "test",
    versions: {},
    gitRevision: null,
    host: {},
    steps: 3,
    stepsDone: 0,
    dataHashes: {},
  } as const;
  const run = RunDirectory.create(mkdtempSync(join(root, "run-")), info, "");
  return { run, recorder: new Recorder(run) };
}

it("writes a step's rollouts before its metrics, and one step after the other", async () => {
  const { run, recorder } = recording();
  const written = (): readonly [rollouts: readonly number[], metrics: readonly number[]] => [
    run.rolloutSteps(),
    run.readMetrics().map(({ step }) => step),
  ];
  const found: unknown[] = [];
  run.afterWrite = () => found.push(written());
  const asked: unknown[] = [];
  const rollouts = (): RolloutRecord[] => {
    asked.push(written());
    return [];
  };
  for (const step of [1, 2]) await recorder.add({ metrics: { step }, rollouts, tokens: null });
  // The second is under way, and waited for.
  expect(written()).toEqual([[1], [1]]);
  await recorder.flush();
  expect(asked).toEqual([
    [[], []],
    [[1], [1]],
  ]);
  expect(found).toEqual([
    [[1], [1]],
    [
      [1, 2],
      [1, 2],
    ],
  ]);
});

it("leaves no metrics of a step whose rollouts cannot be written, and tells who waits for it next", async () => {
  const { run, recorder } = recording();
  const rollouts = (): RolloutRecord[] => {
    throw new Error("no room");
  };
  await recorder.add({ metrics: { step: 1 }, rollouts, tokens: null });
  await expect(recorder.add({ metrics: { step: 2 }, rollouts: () => [], tokens: null })).rejects.toThrow("no room");
  await expect(recorder.flush()).rejects.toThrow("no room");
  expect([run.rolloutSteps(), run.readMetrics()]).toEqual([[], []]);
});
