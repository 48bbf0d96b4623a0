// The loop's promises, with the real engine and the real judge: what overlaps changes no bit, dynamic sampling fills the
// batch or says why it cannot, a policy that samples a step behind, and that each of them resumes as if never stopped.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SamplingError } from "../core/errors.js";
import type { Engine } from "../engines/engine.js";
import { bundled } from "../problems/bundled.js";
import type { StepMetrics } from "../runs/metrics.js";
import type { RolloutRecord, RunInfo } from "../runs/records.js";
import { RunDirectory } from "../runs/run-directory.js";
import { applySettings, resolveConfig } from "./config/resolve.js";
import { failureOf } from "./failure.js";
import { openParts, type Parts } from "./parts.js";
import { silent } from "./reporter.js";
import { startSession } from "./session.js";
import { trainLoop } from "./train.js";

const SMALL = [
  "train.steps=3",
  "rollouts.prompts=5",
  "rollouts.groupSize=4",
  "evaluation.problems=1",
  "engine.threads=1",
];
const BEHIND = ["rollouts.stepsBehind=1"];
const DYNAMIC = ["rollouts.dynamicSampling={}"];
const root = mkdtempSync(join(tmpdir(), "coderlplus-loop-"));
/** By judge workers. */
const opened: Parts[] = [];

beforeAll(async () => {
  for (const workers of [1, 2]) opened.push(await openParts(configOf([`judge.workers=${workers}`])));
});
afterAll(async () => {
  await Promise.all(opened.map((parts) => parts.close()));
  rmSync(root, { recursive: true, force: true });
});

function configOf(settings: readonly string[]): Parts["config"] {
  return resolveConfig(applySettings({}, [...SMALL, ...settings]), "test");
}

interface Told {
  readonly run: RunDirectory;
  readonly metrics: readonly StepMetrics[];
  readonly rollouts: readonly RolloutRecord[];
  /** Without what depends on the clock. */
  readonly text: string;
}

/** One run from the bundled weights, or on from its checkpoint. */
async function trained(
  name: string,
  settings: readonly string[],
  { workers = 2, stopAfter = 9, watch = (engine: Engine) => engine } = {},
): Promise<Told> {
  const open = opened[workers - 1];
  const parts = { ...open, config: configOf(settings), engine: watch(open.engine) };
  await open.engine.load(bundled("bundled", "model"), { optimizer: false });
  const path = join(root, name);
  const session = await startSession(parts, directory(path));
  const stop = new AbortController();
  const step = (metrics: StepMetrics): void => {
    if (metrics.step >= stopAfter) stop.abort();
  };
  await trainLoop(session, { ...silent, step }, stop.signal);
  const { run } = session;
  const rollouts = run
    .rolloutSteps()
    .map((at) => readFileSync(join(path, "rollouts", `step-00000${at}.jsonl`), "utf8"));
  const metrics = run.readMetrics();
  const timeless = metrics.map((line) => Object.entries(line).filter(([key]) => !/^(time|memory)\//.test(key)));
  return {
    run,
    metrics,
    rollouts: run.rolloutSteps().flatMap((at) => run.readRollouts(at)),
    text: JSON.stringify(timeless) + rollouts.join("").replace(/"cpuMs": [-\d.e]+/g, ""),
  };
}

function directory(path: string): RunDirectory {
  const info = { name: "test", status: "running", seed: 0, steps: 3, stepsDone: 0 } as unknown as RunInfo;
  try {
    return RunDirectory.create(path, info, "");
  } catch {
    return RunDirectory.claim(path);
  }
}

describe("a policy that samples one step behind", () => {
  let run: Told;
  beforeAll(async () => {
    run = await trained("behind", BEHIND);
  });

  it("learns from tokens of the policy before the last update, but for the first step", () => {
    const errors = run.metrics.map((line) => line["policy/first_ratio_error"] ?? Number.NaN);
    expect(errors[0]).toBeLessThan(1e-5);
    for (const error of errors.slice(1)) expect(error).toBeGreaterThan(1e-3);
  });

  it("resumes with what was sampled ahead, to the bit, and whatever the number of judges", async () => {
    const stopped = await trained("behind-stopped", BEHIND, { workers: 1, stopAfter: 2 });
    expect(stopped.metrics).toHaveLength(2);
    expect((await trained("behind-stopped", BEHIND, { workers: 1 })).text).toBe(run.text);
  });

  it("gives the same bits where the engine is told to do both at once", async () => {
    const watch = (engine: Engine): Engine =>
      Object.assign(Object.create(engine) as Engine, bound(engine), {
        capabilities: { ...engine.capabilities, concurrent: true },
      });
    expect((await trained("behind-concurrent", BEHIND, { watch })).text).toBe(run.text);
  });
});

describe("dynamic sampling", () => {
  let run: Told;
  beforeAll(async () => {
    run = await trained("dynamic", DYNAMIC);
  });

  it("fills every batch with groups whose rewards differ, and keeps what else it sampled in the records", () => {
    expect(Math.max(...run.metrics.map((line) => line["rollouts/batches"] ?? 0))).toBeGreaterThan(1);
    for (const line of run.metrics) {
      const ofStep = run.rollouts.filter(({ step }) => step === line.step);
      const groups = [...new Set(ofStep.map(({ group }) => group))].map((at) =>
        ofStep.filter(({ group }) => group === at),
      );
      const learnt = groups.filter((group) => group.every(({ advantage }) => advantage !== null));
      expect(learnt).toHaveLength(5);
      for (const group of learnt) expect(new Set(group.map(({ reward }) => reward)).size).toBeGreaterThan(1);
      expect(line["rollouts/groups_left"]).toBe(groups.length - 5);
      expect(line["tokens/sampled"]).toBe(ofStep.reduce((sum, { tokens }) => sum + tokens, 0));
      expect(new Set(groups.map(([{ prompt }]) => prompt)).size).toBe(groups.length);
    }
  });

  it("resumes at the same problem and the same examples", async () => {
    await trained("dynamic-stopped", DYNAMIC, { workers: 1, stopAfter: 2 });
    expect((await trained("dynamic-stopped", DYNAMIC, { workers: 1 })).text).toBe(run.text);
  });

  it.each([
    ["", []],
    ["-behind", BEHIND],
  ])("keeps the steps it has made where it gives up, and goes on from there to the bit%s", async (name, settings) => {
    const asked = [...DYNAMIC, ...settings];
    const whole = name === "" ? run : await trained(`whole${name}`, asked);
    const error: unknown = await trained(`ended${name}`, asked, { watch: stuck }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SamplingError);
    const made = name === "" ? 2 : 1;
    const ended = directory(join(root, `ended${name}`));
    expect(ended.readMetrics()).toHaveLength(made);
    expect(ended.checkpointSteps()).toEqual([made]);
    expect((await trained(`ended${name}`, asked)).text).toBe(whole.text);
  });

  it("gives up with one error that says what was found, what to change and how to go on", async () => {
    const settings = ["rollouts.dynamicSampling.maximumBatches=2", "rollouts.temperature=0.001"];
    const error: unknown = await trained("given-up", settings).catch((reason: unknown) => reason);
    const failure = failureOf(error, directory(join(root, "given-up")), configOf(settings)) as Error;
    expect(failure.message).toMatch(/failed after 0 whole steps: step 1: dynamic sampling gave up: after 2 batches of/);
    expect(failure.message).toMatch(
      /only 0 of 10 code groups \(5 wanted\) have rewards that differ.*rollouts\.temperature/,
    );
    expect(failure.message).toMatch(/checkpoint: none was written yet\n.*given-up --resume --set .*maximumBatches=4\n/);
    expect(failure.message).toMatch(/another run: coderlplus train .*given-up\/config\.yaml --set KEY=VALUE$/);
  });
});

/** All completions of a group are alike in the third step. */
const stuck = (engine: Engine): Engine => {
  const sample: Engine["sample"] = async (requests, watch) => {
    if (!requests.some(({ seeds }) => seeds[0].startsWith('[0,"rollouts",3,'))) return engine.sample(requests, watch);
    return (await engine.sample(requests)).map((samples) => samples.map(() => samples[0]));
  };
  return Object.assign(Object.create(engine) as Engine, bound(engine), { sample });
};

/** An engine's methods, for an object that stands in its place. */
function bound(engine: Engine): Partial<Engine> {
  return {
    sample: (...asked) => engine.sample(...asked),
    logprobs: (...asked) => engine.logprobs(...asked),
    forwardBackward: (...asked) => engine.forwardBackward(...asked),
    optimStep: (...asked) => engine.optimStep(...asked),
    save: (...asked) => engine.save(...asked),
    load: (...asked) => engine.load(...asked),
  };
}
