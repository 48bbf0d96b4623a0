// A study from the command line: killed in the middle and run again it ends in the same table as one that was not.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moduleArguments } from "../src/core/worker.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-study-"));
const file = join(root, "study.yaml");
const [whole, killed] = [join(root, "whole"), join(root, "killed")];

writeFileSync(
  file,
  `
name: small
question: Does a killed study end like one that was not?
seeds: [0]
settings: {train.steps: 2, train.checkpointEvery: 1, rollouts.prompts: 5, rollouts.groupSize: 4, evaluation.problems: 3, judge.workers: 1, sandbox.wall: off}
baseline: grpo
variants:
  grpo: {recipe: grpo}
  twice:
    stages:
      - {recipe: coderlplus, settings: {train.steps: 1}}
      - {recipe: coderlplus, settings: {train.steps: 1}}
  broken: {recipe: grpo, settings: {engine.model: nowhere}}
`,
);

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const main = moduleArguments(new URL("../src/cli/main.js", import.meta.url));
  const child = spawn(process.execPath, [...main, "study", file, ...args]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => (stdout += String(text)));
  child.stderr.on("data", (text) => (stderr += String(text)));
  const ended = new Promise<Ended>((resolve) => child.on("close", (status) => resolve({ status, stdout, stderr })));
  return { child, ended };
}

const study = (...args: string[]): Promise<Ended> => start(args).ended;

const resultsIn = (folder: string): string[] =>
  ["results.json", "results.csv", "results.md", "results.html", "plots/code_pass_at_1-difference.svg"].map((name) =>
    readFileSync(join(folder, name), "utf8"),
  );

let unbroken: Ended;
let resumed: Ended;
let firstStarted: string;

beforeAll(async () => {
  unbroken = await study("--out", whole, "--json");
  const { child, ended } = start(["--out", killed]);
  const metrics = join(killed, "twice/seed-0.stage-1/metrics.jsonl");
  while (child.exitCode === null && !(existsSync(metrics) && statSync(metrics).size > 0)) await sleep(20);
  child.kill("SIGKILL");
  await ended;
  firstStarted = readFileSync(join(killed, "grpo/seed-0/run.json"), "utf8");
  resumed = await study("--out", killed);
}, 1_200_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("a study", () => {
  it("that was killed ends in the same results, without making again what was finished", () => {
    expect(existsSync(join(killed, "results.json"))).toBe(true);
    expect(resultsIn(killed)).toEqual(resultsIn(whole));
    expect(readFileSync(join(killed, "grpo/seed-0/run.json"), "utf8")).toBe(firstStarted);
  });

  it("reports a run that fails, goes on with the others, and exits with 1", () => {
    expect([unbroken.status, resumed.status]).toEqual([1, 1]);
    const { jobs, results } = JSON.parse(unbroken.stdout);
    expect(jobs.map(({ status }: { status: string }) => status)).toEqual(["finished", "finished", "failed"]);
    expect(jobs[2].message).toMatch(/nowhere/);
    expect(results.missing).toEqual(["broken seed 0"]);
    expect(resumed.stdout).toMatch(/failed: .*broken.seed-0: .*nowhere/);
  });

  it("evaluates a model once: a stage begins with the evaluation of the one before it", () => {
    const samples = (run: string, step: number): string =>
      readFileSync(join(whole, run, `eval/samples/family-step-00000${step}.jsonl`), "utf8");
    expect(samples("twice/seed-0", 0)).toBe(samples("twice/seed-0.stage-1", 1));
    expect(samples("twice/seed-0.stage-1", 0)).toBe(samples("grpo/seed-0", 0));
  });

  it("refuses to mix in runs of another config, and says what differs", async () => {
    const { status, stderr } = await study("--out", whole, "--set", "optimizer.learningRate=0.5");
    expect(status).toBe(2);
    expect(stderr).toMatch(/optimizer\.learningRate is 0\.0003 there and 0\.5 here; --fresh/);
    const listed = await study("--out", whole, "--dry-run");
    expect(listed.stdout).toMatch(/twice seed 0 stage 2 +finished +\d+:\d\d/);
  });
});
