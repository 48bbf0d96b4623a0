// One process that does one thing to a run's rollouts and tells what it took, on standard output as JSON: the peak of its
// memory is then of that thing alone.

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { openRollouts, type Rollouts } from "../../src/dashboard/rollouts/answers.js";

const [task = "", runPath = ""] = process.argv.slice(2);

interface Numbers {
  readonly times: Readonly<Record<string, Time>>;
  readonly counts: Readonly<Record<string, number>>;
}

/** By the clock, and of the processor: a busy machine makes the first longer. */
interface Time {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timed(act: () => Promise<unknown>): Promise<Time> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await act();
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - started, cpuMs: (user + system) / 1000 };
}

/** What no index can be faster than: every file's bytes, read and left. */
async function readBytes(): Promise<Numbers> {
  const folder = join(runPath, "rollouts");
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl"));
  let bytes = 0;
  const read = await timed(async () => {
    for (const name of names) bytes += readFileSync(join(folder, name)).length;
  });
  return { times: { read }, counts: { bytes } };
}

async function build(): Promise<Numbers> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const rollouts = openRollouts(runPath);
  const firstPage = await timed(() => rollouts.page({}));
  delay.enable();
  const complete = await timed(() => rollouts.complete());
  delay.disable();
  const { index } = await rollouts.page({});
  await rollouts.close();
  const late = { lateP99Ms: delay.percentile(99) / 1e6, lateMaximumMs: delay.max / 1e6 };
  return { times: { firstPage, complete }, counts: { rollouts: index.rollouts, ...late } };
}

async function open(): Promise<Numbers> {
  const rollouts = openRollouts(runPath);
  const times: Record<string, Time> = {};
  times["complete"] = await timed(async () => {
    times["first page"] = await timed(() => rollouts.page({}));
    await rollouts.complete();
  });
  const { index, rows } = await rollouts.page({});
  const middle = { step: Math.ceil(rows[0].step / 2), group: 0 };
  times["filter by verdict and problem"] = await timed(() => rollouts.page({ verdict: "failed", problem: "7" }));
  times["order by advantage"] = await timed(() => rollouts.page({ order: "-advantage" }));
  times["its last page"] = await timed(() => rollouts.page({ order: "-advantage", offset: index.rollouts - 100 }));
  times["table of problems"] = await timed(() => rollouts.problems());
  times["links of a rollout"] = await timed(() => rollouts.links({ ...middle, sample: 0 }));
  times["first group"] = await timed(() => rollouts.group(middle));
  times["another group"] = await timed(() => rollouts.group({ ...middle, group: 1 }));
  times["search that finds"] = await timed(() => rollouts.search({ text: "SORTED(" }));
  let searchLongestMs = 0;
  times["search to the end"] = await timed(async () => {
    searchLongestMs = await searchThrough(rollouts, "no rollout says this");
  });
  await rollouts.close();
  return { times, counts: { rollouts: index.rollouts, searchLongestMs } };
}

/** All of the run, as the page asks for it: piece by piece. @returns the longest answer in milliseconds */
async function searchThrough(rollouts: Rollouts, text: string): Promise<number> {
  let longest = 0;
  for (let cursor: number | null | undefined; cursor !== null; ) {
    const { ms } = await timed(async () => {
      ({ cursor } = await rollouts.search({ text, cursor: cursor ?? undefined }));
    });
    longest = Math.max(longest, ms);
  }
  return longest;
}

const work = { bytes: readBytes, build, open }[task];
if (!work) throw new Error(`no such measurement: ${task}`);
const { times, counts } = await work();
const peakBytes = process.resourceUsage().maxRSS * 1024;
process.stdout.write(JSON.stringify({ times, counts: { ...counts, peakBytes } }));
