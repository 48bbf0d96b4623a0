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

interface Time {
  readonly ms: number;
  readonly cpuMs: number;
}
/** As bench/dashboard/measure.ts writes them. */
interface Numbers {
  readonly times: Readonly<Record<string, Time>>;
  readonly counts: Readonly<Record<string, number>>;
}

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
  const size = bytes.counts["bytes"];
  const rollouts = build.counts["rollouts"];
  const rate = ({ cpuMs }: Time): string => `${(size / 1e3 / cpuMs).toFixed(0)} MB a CPU second`;
  const peak = ({ counts }: Numbers): string => `peak ${sizeText(counts["peakBytes"])}`;
  const line = (name: string, time: Time, more = ""): void => {
    const [ms, cpuMs] = [time.ms, time.cpuMs].map((value) => value.toFixed(value < 10 ? 1 : 0).padStart(10));
    process.stdout.write(`${`${name.padEnd(44)}${ms}${cpuMs}  ${more}`.trimEnd()}\n`);
  };
  process.stdout.write(
    `${rollouts} rollouts, ${sizeText(size)}\n\n${"".padEnd(44)}${"ms".padStart(10)}${"CPU ms".padStart(10)}\n`,
  );
  const { complete } = build.times;
  line("reading the bytes alone", bytes.times["read"], `${rate(bytes.times["read"])}, ${peak(bytes)}`);
  const each = Math.round((rollouts / complete.cpuMs) * 1000);
  line("building the index", complete, `${rate(complete)}, ${each} rollouts, ${peak(build)}`);
  const [usual, longest] = [build.counts["lateP99Ms"], build.counts["lateMaximumMs"]];
  line(
    "  its first page",
    build.times["firstPage"],
    `later ones wait ${usual.toFixed(0)} ms (p99), ${longest.toFixed(0)} at most`,
  );
  line("opening with the index complete", open.times["complete"], `${peak(open)}, with all below`);
  for (const [name, time] of Object.entries(open.times)) {
    if (name !== "complete") line(`  ${name}`, time, name === "search to the end" ? rate(time) : "");
  }
  process.stdout.write(`  longest answer of the search to the end: ${open.counts["searchLongestMs"].toFixed(0)} ms\n`);
}
