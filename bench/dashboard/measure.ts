// One process that does one thing to a run's rollouts and tells what it took, on standard output as JSON: the peak of its
// memory is then of that thing alone.

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openRollouts, type Rollouts } from "../../src/dashboard/rollouts/answers.js";

const [task = "", runPath = ""] = process.argv.slice(2);

type Numbers = Record<string, number>;

async function timed(act: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await act();
  return performance.now() - started;
}

/** What no index can be faster than: every file's bytes, read and left. */
async function readBytes(): Promise<Numbers> {
  const folder = join(runPath, "rollouts");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  let bytes = 0;
  const ms = await timed(async () => {
    for (const name of names) bytes += readFileSync(join(folder, name)).length;
  });
  return { bytes, ms };
}

async function build(): Promise<Numbers> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const rollouts = openRollouts(runPath);
  const firstPageMs = await timed(() => rollouts.page({}));
  delay.enable();
  const ms = await timed(() => rollouts.complete());
  delay.disable();
  const { index } = await rollouts.page({});
  await rollouts.close();
  const late = { lateP99Ms: delay.percentile(99) / 1e6, lateMaximumMs: delay.max / 1e6 };
  return { firstPageMs, ms, rollouts: index.rollouts, ...late };
}

async function open(): Promise<Numbers> {
  const started = performance.now();
  const rollouts = openRollouts(runPath);
  const firstPageMs = await timed(() => rollouts.page({}));
  await rollouts.complete();
  const completeMs = performance.now() - started;
  const { index, rows } = await rollouts.page({});
  const { step = 0 } = rows[0] ?? {};
  const middle = { step: Math.ceil(step / 2), group: 0 };
  const answers: Numbers = {
    filterMs: await timed(() => rollouts.page({ verdict: "failed", problem: "7" })),
    sortMs: await timed(() => rollouts.page({ order: "-advantage" })),
    nextPageMs: await timed(() => rollouts.page({ order: "-advantage", offset: index.rollouts - 100 })),
    problemsMs: await timed(() => rollouts.problems()),
    linksMs: await timed(() => rollouts.links({ ...middle, sample: 0 })),
    groupMs: await timed(() => rollouts.group(middle)),
    nextGroupMs: await timed(() => rollouts.group({ ...middle, group: 1 })),
    searchFirstMs: await timed(() => rollouts.search({ text: "SORTED(" })),
  };
  const search = await searchAll(rollouts, "no rollout says this");
  await rollouts.close();
  return { firstPageMs, completeMs, rollouts: index.rollouts, ...answers, ...search };
}

/** All of the run for a text that is nowhere, as the page asks for it: piece by piece. */
async function searchAll(rollouts: Rollouts, text: string): Promise<Numbers> {
  let longest = 0;
  let cursor: number | null | undefined;
  const searchAllMs = await timed(async () => {
    while (cursor !== null) {
      const started = performance.now();
      ({ cursor } = await rollouts.search({ text, cursor }));
      longest = Math.max(longest, performance.now() - started);
    }
  });
  return { searchAllMs, searchLongestMs: longest };
}

const work = { bytes: readBytes, build, open }[task];
if (!work) throw new Error(`no such measurement: ${task}`);
const numbers = await work();
process.stdout.write(JSON.stringify({ ...numbers, peakBytes: process.resourceUsage().maxRSS * 1024 }));
