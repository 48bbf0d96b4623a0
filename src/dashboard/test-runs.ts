// Small runs for tests, written as training writes them, and a server over them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testInfo, testSamples, writeTestEvaluation } from "../eval/report/test-samples.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { EvaluationSample, RolloutRecord, RunInfo } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { type DashboardServer, type ServeOptions, serveDashboard } from "./serve.js";

const made: string[] = [];

export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-dashboard-"));
  made.push(folder);
  return folder;
}

export interface TestRun {
  readonly info?: Partial<RunInfo>;
  readonly config?: string;
  readonly steps?: number;
  /** Of the family evaluation, by step: each problem's code_pass_at_1. */
  readonly scores?: Readonly<Record<number, readonly number[]>>;
  /** Whether this process goes on writing it. */
  readonly running?: boolean;
}

export function testMetrics(step: number): StepMetrics {
  return {
    step,
    "code/reward_mean": step / 10,
    "code/pass_rate": step / 10,
    "policy/kl": null,
    "time/step_seconds": step,
  };
}

function testRollout(step: number, changes: Partial<RolloutRecord> = {}): RolloutRecord {
  return {
    step,
    task: "code",
    problem: "p/0",
    group: 0,
    sample: 0,
    prompt: "# double it\n",
    completion: "    return 2 * x",
    stopReason: "stop",
    program: "def f(x):\n    return 2 * x",
    verdict: { kind: "failed", reason: "wrong-answer", passed: 0, total: 1 },
    tests: [{ kind: "wrong-answer", expected: 3, got: 2, cpuMs: 1 }],
    reward: 0,
    rewardParts: { passed: 0, total: 1 },
    advantage: -1,
    tokens: 5,
    ...changes,
  };
}

export function writeTestRun(root: string, name: string, options: TestRun = {}): RunDirectory {
  const {
    steps = 3,
    scores = {},
    config = "recipe: test\nseed: 0\nrollouts:\n  groupSize: 8\n",
    running = false,
  } = options;
  const info: RunInfo = {
    name,
    status: running ? "running" : "finished",
    seed: 0,
    startedAt: "2026-01-01T00:00:00.000Z",
    recipe: "test",
    versions: { coderlplus: "0.1.0" },
    gitRevision: null,
    host: { cores: 2 },
    steps,
    stepsDone: running ? 0 : steps,
    dataHashes: {},
    ...options.info,
  };
  const run = RunDirectory.create(join(root, name), info, config);
  for (let step = 1; step <= steps; step++) {
    run.appendMetrics(testMetrics(step));
    run.writeRollouts(step, [testRollout(step)]);
  }
  for (const [step, values] of Object.entries(scores)) writeTestScores(run, Number(step), values);
  if (!running) run.release();
  return run;
}

export function writeTestScores(run: RunDirectory, step: number, values: readonly number[]): void {
  const samples = values.map(
    (score, i): EvaluationSample => ({
      problem: `p/${i}`,
      scores: { code_pass_at_1: score },
      completions: { code: `answer ${i} of step ${step}` },
      candidates: [{ program: `program ${i}`, passes: score, visible: 2, predicted: null }],
    }),
  );
  const value = values.reduce((sum, score) => sum + score, 0) / values.length;
  const metrics = { code_pass_at_1: { value, standardError: 0 } };
  run.writeEvaluation({ benchmark: "family", step, problems: values.length, metrics }, samples);
}

/** Two runs alike, `run` and `other`, and the evaluation `base`. */
export function fullTestFolder(): string {
  const root = testFolder();
  for (const name of ["run", "other"]) writeTestRun(root, name, { scores: { 0: [0, 0], 3: [1, 0] } });
  writeTestEvaluation(join(root, "base"), testInfo({ tasks: 2 }), testSamples({ a: "r", b: "w" }));
  return root;
}

const servers: DashboardServer[] = [];

/** On a port that is free; what is the dashboard's own fault fails the test. */
export async function testServer(folder: string, options: Partial<ServeOptions> = {}): Promise<DashboardServer> {
  const report = (error: unknown): void => {
    throw error;
  };
  const server = await serveDashboard({ folder, port: 0, pollMs: 20, report, ...options });
  servers.push(server);
  return server;
}

/** For afterEach. */
export async function removeTestRuns(): Promise<void> {
  await Promise.all(servers.splice(0).map((server) => server.close()));
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
