// Whether judging wears anything out: `npm run bench:endurance [-- --programs 100000 --json]` judges that many programs
// in one process, and tells of its memory, threads, descriptors and timers at each tenth of the way. Programs that hang
// in C code, fill the memory or die are among them: the interpreter is replaced after each such.

import { readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { judgeInOrder } from "../src/judge/in-order.js";
import type { Problem } from "../src/problems/problem.js";
import { openSandbox } from "../src/sandbox/sandbox.js";
import { toProblem } from "./sandbox/engines.js";
import { type MixedProgram, mixedPrograms } from "./sandbox/programs.js";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "100000" },
    /** One program in so many is one of the harmful. */
    harmful: { type: "string", default: "500" },
    json: { type: "boolean", default: false },
  },
});

interface Look {
  readonly programs: number;
  readonly residentMegabytes: number;
  readonly threads: number;
  readonly descriptors: number;
  readonly timers: number;
  readonly wrong: number;
  readonly programsPerSecond: number;
}

interface Candidate {
  readonly problem: Problem;
  readonly program: string;
  readonly passes: boolean;
}

const HARMFUL = [
  "x = [bytearray(1 << 20) for _ in range(100)]\nprint(len(x))\n",
  "sum(range(10**12))\n",
  "import sys\nsys.setrecursionlimit(10**6)\nf = lambda n: f(n + 1)\nf(0)\n",
  "x = []\nwhile True: x.append(bytearray(1 << 20))\n",
  "import os\nos._exit(0)\n",
];

/** The mixed set again and again, without the loops: they would only cost time. */
function* candidates(count: number, every: number): Generator<Candidate> {
  const programs = mixedPrograms(500, 7).filter(({ kind }) => kind !== "looping" && kind !== "loud");
  for (let index = 0; index < count; index++) {
    const mixed: MixedProgram = programs[index % programs.length];
    const isHarmful = index % every === every - 1;
    const program = isHarmful ? HARMFUL[Math.floor(index / every) % HARMFUL.length] : mixed.program;
    yield { problem: toProblem(mixed), program, passes: !isHarmful && mixed.kind === "correct" };
  }
}

function look(programs: number, wrong: number, seconds: number): Look {
  const entries = (folder: string): number => (process.platform === "linux" ? readdirSync(folder).length : Number.NaN);
  return {
    programs,
    residentMegabytes: process.memoryUsage.rss() / 2 ** 20,
    threads: entries("/proc/self/task"),
    descriptors: entries("/proc/self/fd"),
    timers: process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length,
    wrong,
    programsPerSecond: programs / seconds,
  };
}

function toLine({ programs, residentMegabytes, threads, descriptors, timers, wrong, programsPerSecond }: Look): string {
  const cells = [programs, residentMegabytes, threads, descriptors, timers, wrong, programsPerSecond];
  return cells.map((cell) => cell.toFixed(0).padStart(12)).join("");
}

const total = Number(values.programs);
const sandbox = await openSandbox();
const looks: Look[] = [];
const started = performance.now();
let done = 0;
let wrong = 0;
if (!values.json) {
  const columns = ["programs", "memory MB", "threads", "descriptors", "timers", "wrong", "per s"];
  process.stdout.write(`${columns.map((column) => column.padStart(12)).join("")}\n`);
}
const all = candidates(total, Number(values.harmful));
for await (const { candidate, judgement } of judgeInOrder(sandbox, all, { ahead: 8 * availableParallelism() })) {
  done += 1;
  wrong += Number(
    (judgement.verdict.kind === "passed") !== candidate.passes || judgement.verdict.kind === "infrastructure",
  );
  if (done % Math.ceil(total / 10) !== 0 && done !== total) continue;
  looks.push(look(done, wrong, (performance.now() - started) / 1000));
  if (!values.json) process.stdout.write(`${toLine(looks[looks.length - 1])}\n`);
}
await sandbox.close();
const closed = look(done, wrong, (performance.now() - started) / 1000);
if (values.json) process.stdout.write(`${JSON.stringify({ looks, closed })}\n`);
else process.stdout.write(`${toLine(closed)}  closed\n`);
