// The measured process: a real run of the real loop through the Tinker engine, told of step by step.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { StepMetrics } from "../../src/runs/metrics.js";
import { resolveConfig } from "../../src/train/config/resolve.js";
import { silent } from "../../src/train/reporter.js";
import { train } from "../../src/train/run.js";
import type { ClientOptions, ClientStep, FromClient } from "./messages.js";
import { childrenUsage, mainThreadSeconds } from "./processes.js";
import { CpuProfile, type Parts } from "./profile.js";

const { path, config, profiles } = JSON.parse(process.argv[2]) as ClientOptions;
const profile = new CpuProfile();
const delay = monitorEventLoopDelay({ resolution: 5 });
const tell = (message: FromClient): void => void process.send?.(message);

/** All processor time so far, in seconds. */
function spent(): { main: number; process: number; judges: number } {
  const { user, system } = process.cpuUsage();
  return { main: mainThreadSeconds(), process: (user + system) / 1e6, judges: childrenUsage().cpuSeconds };
}

let before = spent();

async function measured(metrics: StepMetrics): Promise<ClientStep> {
  const ms = (nanoseconds: number): number => nanoseconds / 1e6;
  const late = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
  const sampledParts = await profile.take(profiles && `${profiles}-${metrics.step}.cpuprofile`);
  const now = spent();
  const main = now.main - before.main;
  const own = now.process - before.process;
  const judges = now.judges - before.judges;
  before = now;
  const number = (name: keyof StepMetrics): number => metrics[name] ?? 0;
  const result: ClientStep = {
    step: metrics.step,
    seconds: {
      step: number("time/step_seconds"),
      sample: number("time/sample_seconds"),
      judge: number("time/judge_seconds"),
      recycle: number("time/recycle_seconds"),
      update: number("time/update_seconds"),
    },
    parts: scaled(sampledParts, main),
    threadSeconds: own - main,
    judgeSeconds: judges,
    judgedPrograms: number("code/judged_programs"),
    recycledPrograms: number("alignment/kept"),
    sampledTokens: number("tokens/sampled"),
    trainedTokens: number("tokens/trained"),
    updates: number("policy/updates"),
    peakBytes: process.resourceUsage().maxRSS * 1024,
    judgeBytes: childrenUsage().residentBytes,
    delay: late,
  };
  delay.reset();
  return result;
}

/** Samples are of the clock, also of moments in which the thread had no core. */
function scaled(parts: Parts, mainSeconds: number): Parts {
  const sum = Object.values(parts).reduce((a, b) => a + b, 0);
  return Object.fromEntries(Object.entries(parts).map(([part, s]) => [part, (s * mainSeconds) / sum])) as Parts;
}

let steps: Promise<void> = Promise.resolve();
delay.enable();
await profile.begin();
await train(resolveConfig(config, "bench"), {
  path,
  reporter: {
    ...silent,
    notice: (text) => void process.stderr.write(`${text}\n`),
    begin: () => {
      before = spent();
      steps = profile.take(null).then(() => tell({ kind: "begin" }));
    },
    step: (metrics) => {
      steps = steps.then(async () => tell({ kind: "step", step: await measured(metrics) }));
    },
  },
});
await steps;
process.disconnect();
