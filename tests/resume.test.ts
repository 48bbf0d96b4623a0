// Runs that are killed again and again: what they leave is whole, and what comes of them equals a run that never was.

import { type ChildProcess, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { UsageError } from "../src/core/errors.js";
import { Rng } from "../src/core/rng.js";
import { reportAnswers } from "../src/dashboard/report/answers.js";
import { renderReport } from "../src/dashboard/report.js";
import { readCompared } from "../src/runs/compare.js";
import { RunDirectory } from "../src/runs/run-directory.js";
import { csvOf } from "../src/runs/trackers/tracker.js";
import { applySettings, resolveConfig } from "../src/train/config/resolve.js";
import { recipe } from "../src/train/recipes/recipes.js";
import { train } from "../src/train/run.js";
import { command, deterministic, output, rolloutText, seen } from "./train-child.js";

const nightly = process.env["CODERLPLUS_NIGHTLY"] === "1";
const NIGHTLY_KILLS = 50;

const root = mkdtempSync(join(tmpdir(), "coderlplus-killed-"));
const settings = [
  "train.steps=6",
  "train.epochs=2",
  "train.checkpointEvery=2",
  "train.keepBest=variables_right",
  "train.keepCheckpoints=1",
  "evaluation.every=3",
  "evaluation.problems=2",
  "rollouts.prompts=4",
  "rollouts.groupSize=4",
  "rollouts.maximumTokens=40",
  "optimizer.schedule=cosine",
  "optimizer.warmUpSteps=1",
  "policy.maximumOldKl=0.02",
  "engine.threads=1",
  "judge.workers=1",
  "sandbox.wall=off",
  "trackers.csv=true",
];

// A loaded machine takes many times longer, and nothing here depends on how long it takes.
vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The run that nobody killed; it keeps all its checkpoints. */
let unbroken: RunDirectory;

beforeAll(async () => {
  const config = resolveConfig(applySettings(recipe("coderlplus"), [...settings, "train.keepCheckpoints=9"]), "test");
  unbroken = (await train(config, { path: join(root, "unbroken") })).run;
});

type Moment = (child: ChildProcess, path: string) => Promise<void>;

const after =
  (milliseconds: number): Moment =>
  async () => {
    await sleep(milliseconds);
  };

const afterLine =
  (pattern: RegExp, milliseconds: number): Moment =>
  async (child) => {
    await seen(child, pattern);
    await sleep(milliseconds);
  };

const never: Moment = () => new Promise(() => {});

const insideCheckpoint: Moment = async (child, path) => {
  const folder = join(path, "checkpoints");
  const isWriting = (): boolean => existsSync(folder) && readdirSync(folder).some((name) => name.endsWith("-new"));
  const lives = (): boolean => child.exitCode === null && child.signalCode === null;
  // What the run before left half written is swept first.
  while (lives() && isWriting()) await sleep(1);
  while (lives() && !isWriting()) await sleep(1);
};

function trainArguments(path: string): string[] {
  const begun = existsSync(join(path, "run.json"));
  return ["train", "--run", path, ...(begun ? ["--resume"] : settings.flatMap((setting) => ["--set", setting]))];
}

/** @returns whether the run came to its end before */
async function killedAt(moment: Moment, path: string): Promise<boolean> {
  const child = command(trainArguments(path));
  const ended = output(child);
  await Promise.race([moment(child, path).catch(() => {}), ended]);
  child.kill("SIGKILL");
  const { code, stderr } = await ended;
  expect([null, 0], stderr).toContain(code);
  return code === 0;
}

/** What is there is what the unbroken run has, as far as it goes. */
async function expectWhole(path: string): Promise<void> {
  if (!existsSync(join(path, "run.json"))) return;
  const run = RunDirectory.open(path);
  expect(run.readInfo().name).not.toBe("");
  expect(deterministic(unbroken).startsWith(deterministic(run))).toBe(true);
  const steps = run.rolloutSteps();
  expect(rolloutText(run)).toBe(rolloutText(unbroken, steps));
  for (const step of run.evaluationSteps("family")) {
    expect(run.readEvaluation("family", step)).toEqual(unbroken.readEvaluation("family", step));
    expect(run.readEvaluationSamples("family", step)).toEqual(unbroken.readEvaluationSamples("family", step));
  }
  for (const step of run.checkpointSteps()) expectSameFiles(run.checkpointPath(step), unbroken.checkpointPath(step));
  const best = run.readBest();
  if (best) expect(run.checkpointSteps()).toContain(best.step);
  expect(await renderReport(run)).toContain("</html>");
  const { detail, evaluations } = await reportAnswers(path, "killed");
  expect(detail.summary.problem).toBeUndefined();
  expect(evaluations.flatMap(({ records }) => records.map(({ step }) => step))).toEqual(run.evaluationSteps("family"));
  expect(detail.best?.measure).toBe(best === null ? undefined : "variables_right");
  expect(csvOf([{ name: "killed", run }])).toContain("step");
  try {
    readCompared(run);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
  }
}

function expectSameFiles(folder: string, other: string): void {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  expect(entries.length).toBeGreaterThan(5);
  for (const { parentPath, name } of entries) {
    const path = join(parentPath, name);
    expect(readFileSync(path).equals(readFileSync(path.replace(folder, other))), path).toBe(true);
  }
}

async function expectFinished(path: string): Promise<void> {
  const run = RunDirectory.open(path);
  expect(run.readInfo().status).toBe("finished");
  await expectWhole(path);
  expect(deterministic(run)).toBe(deterministic(unbroken));
  expect(run.rolloutSteps()).toEqual(unbroken.rolloutSteps());
  expect(run.evaluationSteps("family")).toEqual(unbroken.evaluationSteps("family"));
  expect(run.readBest()).toEqual(unbroken.readBest());
  expect(run.checkpointSteps()).toEqual([...new Set([run.readBest()?.step, 6])]);
  const left = readdirSync(path, { recursive: true, encoding: "utf8" });
  expect(left.filter((name) => /tmp-|coderlplus-|lock/.test(name))).toEqual([]);
}

/** Resumes, or begins, under the wrapper. @returns what it says and the status it leaves */
async function failing(path: string, wrapper: readonly string[]): Promise<{ stderr: string; status: string }> {
  const { code, stderr } = await output(command(trainArguments(path), wrapper));
  expect(code, stderr).toBe(1);
  expect(stderr).not.toMatch(/\n\s+at /);
  return { stderr, status: RunDirectory.open(path).readInfo().status };
}

/** No file of this process grows beyond so many bytes. */
const fileLimit = (kilobytes: number): string[] => ["bash", "-c", `ulimit -f ${kilobytes}; exec "$@"`, "bash"];

describe("a run that cannot be written", () => {
  it("says what could not be, and goes on once it can, as if nothing had been", async () => {
    const path = join(root, "limited");
    const limits = [
      [2, /failed after 0 whole steps: .*eval.*family-step-000000.*: cannot write it \(larger than/],
      [10, /failed after 0 whole steps: .*rollouts.step-000001\.jsonl: cannot write it \(larger than/],
      [1000, /failed after 2 whole steps: .*safetensors: cannot write it \(larger than/],
    ] as const;
    for (const [kilobytes, expected] of nightly ? limits : limits.slice(2)) {
      const { stderr, status } = await failing(path, fileLimit(kilobytes));
      expect(stderr).toMatch(expected);
      expect(stderr).toContain("last good checkpoint: none was written yet");
      expect(stderr).toContain(`once it can be written: coderlplus train --run ${path} --resume`);
      expect(status).toBe("failed");
    }
    expect(readdirSync(join(path, "checkpoints"))).toEqual([]);
    expect(await killedAt(never, path)).toBe(true);
    await expectFinished(path);
  });

  it("keeps its last checkpoint on a full disk", async (test) => {
    const disk = join(root, "disk");
    mkdirSync(disk);
    const size = (megabytes: number): string[] => ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", disk];
    if (spawnSync("mount", size(8)).status !== 0) {
      process.stderr.write("SKIPPED: no full disk is tried: this process may not mount one\n");
      test.skip();
    }
    try {
      const path = join(disk, "run");
      const { stderr, status } = await failing(path, []);
      expect(stderr).toMatch(
        /failed after 3 whole steps: .*no room for a checkpoint: it takes about \S+ MB, the disk has/,
      );
      expect(stderr).toContain(`last good checkpoint: ${join(path, "checkpoints", "step-000002")}`);
      expect(status).toBe("failed");
      expectSameFiles(join(path, "checkpoints", "step-000002"), unbroken.checkpointPath(2));
      spawnSync("mount", ["-o", "remount,size=64m", disk]);
      expect(await killedAt(never, path)).toBe(true);
      await expectFinished(path);
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  it("says so where a folder takes no files", async (test) => {
    const path = join(root, "unwritable");
    await killedAt(afterLine(/step 3\//, 0), path);
    chmodSync(join(path, "rollouts"), 0o555);
    // Root writes everywhere, unless it may not overrule permissions.
    const humble = process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [];
    if (humble.length > 0 && spawnSync("setpriv", [...humble.slice(1), "true"]).status !== 0) {
      process.stderr.write("SKIPPED: no unwritable folder is tried: root cannot be kept from writing\n");
      test.skip();
    }
    const { stderr, status } = await failing(path, humble);
    expect(stderr).toMatch(/cannot write it \(no permission\)/);
    expect(stderr).toContain(`last good checkpoint: ${join(path, "checkpoints", "step-000002")}`);
    expect(status).toBe("failed");
    chmodSync(join(path, "rollouts"), 0o755);
    expectSameFiles(join(path, "checkpoints", "step-000002"), unbroken.checkpointPath(2));
  });
});

describe("a run that is killed", () => {
  it("inside a checkpoint, inside an evaluation and while it starts equals an unbroken run", async () => {
    const path = join(root, "aimed");
    const moments = [insideCheckpoint, afterLine(/evaluating at step 3/, 30), after(300)];
    for (const moment of moments) {
      expect(await killedAt(moment, path)).toBe(false);
      await expectWhole(path);
    }
    expect(await killedAt(never, path)).toBe(true);
    await expectFinished(path);
  });

  it.runIf(nightly)(
    `${NIGHTLY_KILLS} times at random moments equals an unbroken run, every time`,
    async () => {
      const rng = Rng.of("kills");
      const moments = [
        () => after(rng.uniform() * 4000),
        () => afterLine(/./, rng.uniform() * 2500),
        () => afterLine(/step \d\//, rng.uniform() * 1500),
        () => afterLine(/evaluating/, rng.uniform() * 300),
        () => insideCheckpoint,
      ];
      let [kills, finished] = [0, 0];
      while (kills < NIGHTLY_KILLS) {
        const path = join(root, `random-${finished}`);
        if (await killedAt(rng.pick(moments)(), path)) {
          await expectFinished(path);
          finished++;
        } else {
          kills++;
          await expectWhole(path);
        }
      }
      const path = join(root, `random-${finished}`);
      expect(await killedAt(never, path)).toBe(true);
      await expectFinished(path);
      process.stderr.write(`killed ${kills} times; ${finished + 1} runs came to their end\n`);
    },
    7_200_000,
  );
});
