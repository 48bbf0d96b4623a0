// How the dashboard stands a large run: `npm run bench:dashboard [-- --steps 10000 --rollouts 100 --keep DIR --json]`. A run
// of that size is made in a temporary folder (or found in the one to keep); then each thing is measured in a process of
// its own: reading all bytes (what the disk and the memory allow), building the index from nothing, and opening the run
// with its index complete. The files have just been written: they are read from the memory of the system.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../src/core/errors.js";
import { sizeText } from "../src/core/sizes.js";
import { moduleArguments } from "../src/core/worker.js";
import { writeLargeRun } from "./dashboard/large-run.js";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "10000" },
    rollouts: { type: "string", default: "100" },
    keep: { type: "string" },
    json: { type: "boolean", default: false },
  },
});

type Numbers = Readonly<Record<string, number>>;

async function measured(task: string, runPath: string): Promise<Numbers> {
  const module = new URL("./dashboard/measure.js", import.meta.url);
  const child = spawn(process.execPath, [...moduleArguments(module), task, runPath], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const piece of child.stdout) text += String(piece);
  if (child.exitCode !== 0 && text === "") throw new Error(`measuring ${task} failed`);
  return JSON.parse(text) as Numbers;
}

function made(runPath: string): void {
  const [steps, rollouts] = [Number(values.steps), Number(values.rollouts)];
  if (!(steps > 0 && rollouts > 0 && rollouts % 10 === 0))
    throw new UsageError("expected --steps 1 or more and --rollouts a multiple of 10");
  writeLargeRun(runPath, steps, rollouts, (step) => {
    if (step % 1000 === 0) process.stderr.write(`${step} steps written\n`);
  });
}

const folder = values.keep ?? mkdtempSync(join(tmpdir(), "coderlplus-bench-"));
const runPath = join(folder, "large");
try {
  if (!existsSync(runPath)) made(runPath);
  rmSync(join(runPath, "rollouts", "index"), { recursive: true, force: true });
  const bytes = await measured("bytes", runPath);
  const build = await measured("build", runPath);
  const open = await measured("open", runPath);
  if (values.json) process.stdout.write(`${JSON.stringify({ bytes, build, open })}\n`);
  else print(bytes, build, open);
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true });
}

function print(bytes: Numbers, build: Numbers, open: Numbers): void {
  const rate = (ms: number) => `${(bytes.bytes / 1e3 / ms).toFixed(0)} MB/s`;
  const line = (name: string, ms: number, more = "") =>
    process.stdout.write(`${name.padEnd(46)}${ms.toFixed(ms < 10 ? 1 : 0).padStart(8)} ms  ${more}\n`);
  process.stdout.write(`${build.rollouts} rollouts, ${sizeText(bytes.bytes)}\n\n`);
  line("reading the bytes alone", bytes.ms, rate(bytes.ms));
  line(
    "building the index",
    build.ms,
    `${rate(build.ms)}, ${Math.round((build.rollouts / build.ms) * 1000)} rollouts/s, peak ${sizeText(build.peakBytes)}`,
  );
  line("  first page meanwhile", build.firstPageMs);
  line("  others wait meanwhile, 99 of 100 / longest", build.lateP99Ms, `${build.lateMaximumMs.toFixed(0)} ms`);
  line("opening with the index: first page", open.firstPageMs);
  line("  complete", open.completeMs, `all below: peak ${sizeText(open.peakBytes)}`);
  line("filter by verdict and problem", open.filterMs);
  line("order by advantage", open.sortMs);
  line("  its last page", open.nextPageMs);
  line("table of problems", open.problemsMs);
  line("links of a rollout", open.linksMs);
  line("a group, the first / another", open.groupMs, `${open.nextGroupMs.toFixed(1)} ms`);
  line("search, first answer", open.searchFirstMs);
  line(
    "search to the end for what is nowhere",
    open.searchAllMs,
    `${rate(open.searchAllMs)}, longest answer ${open.searchLongestMs.toFixed(0)} ms`,
  );
}
