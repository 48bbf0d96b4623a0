// How fast programs are judged, and how often wrongly: `npm run bench:sandbox [-- --programs 500 --rounds 3 --json]`. All
// ways are measured in one run, chunk by chunk in turn, so that a busy machine slows each of them alike, and the median
// of the rounds is told. A first round is not counted: compilers warm up. Programs that loop are apart: they cost their
// time limit, whatever runs them.

import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { quantile } from "../src/core/maths.js";
import { barePyodide, type Contender, interpreters, LIMIT_MS, ours } from "./sandbox/engines.js";
import { type MixedProgram, mixedPrograms } from "./sandbox/programs.js";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "500" },
    seed: { type: "string", default: "7" },
    rounds: { type: "string", default: "3" },
    chunk: { type: "string", default: "98" },
    json: { type: "boolean", default: false },
  },
});

/** V8 compiles the interpreter's busiest functions anew while they run: seconds of CPU time in all, paid once. */
const WARM_UP_ROUNDS = 2;

interface Tally {
  programs: number;
  wallMs: number;
  cpuMs: number;
  wrong: number;
  readonly latenciesMs: number[];
}

interface Row {
  readonly way: string;
  readonly programs: number;
  readonly programsPerCpuSecond: number;
  readonly programsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly wrong: number;
}

function emptyTally(): Tally {
  return { programs: 0, wallMs: 0, cpuMs: 0, wrong: 0, latenciesMs: [] };
}

/** Runs programs on as many lanes as the way has, and adds what it took to `tally`. */
async function run(contender: Contender, programs: readonly MixedProgram[], tally: Tally): Promise<void> {
  const queue = [...programs];
  const cpuBefore = contender.cpuMs();
  const started = performance.now();
  const lane = async (): Promise<void> => {
    for (let program = queue.shift(); program; program = queue.shift()) {
      const begun = performance.now();
      const passed = await contender.passes(program);
      tally.latenciesMs.push(performance.now() - begun);
      tally.wrong += Number(passed !== (program.kind === "correct"));
    }
  };
  await Promise.all(Array.from({ length: contender.lanes }, lane));
  tally.programs += programs.length;
  tally.wallMs += performance.now() - started;
  tally.cpuMs += contender.cpuMs() - cpuBefore;
}

function toRow(way: string, { programs, wallMs, cpuMs, wrong, latenciesMs }: Tally): Row {
  const at = (q: number): number => (latenciesMs.length === 0 ? Number.NaN : quantile(latenciesMs, q));
  return {
    way,
    programs,
    programsPerCpuSecond: (1000 * programs) / cpuMs,
    programsPerSecond: (1000 * programs) / wallMs,
    p50Ms: at(0.5),
    p95Ms: at(0.95),
    p99Ms: at(0.99),
    wrong,
  };
}

/** All ways in turn, chunk by chunk, round by round. */
async function compare(
  contenders: readonly Contender[],
  programs: readonly MixedProgram[],
  rounds: number,
): Promise<Row[]> {
  const size = Number(values.chunk);
  const rows = contenders.map((): Row[] => []);
  for (let round = 0; round < rounds; round++) {
    const tallies = contenders.map(emptyTally);
    for (let start = 0; start < programs.length; start += size) {
      for (const [index, contender] of contenders.entries()) {
        await run(contender, programs.slice(start, start + size), tallies[index]);
      }
    }
    for (const [index, { name }] of contenders.entries()) rows[index].push(toRow(name, tallies[index]));
  }
  return rows.map(medians);
}

/** The median of each figure; wrong verdicts are added up. */
function medians(rows: readonly Row[]): Row {
  const median = (of: (row: Row) => number): number => quantile(rows.map(of), 0.5);
  return {
    way: rows[0].way,
    programs: rows[0].programs,
    programsPerCpuSecond: median((row) => row.programsPerCpuSecond),
    programsPerSecond: median((row) => row.programsPerSecond),
    p50Ms: median((row) => row.p50Ms),
    p95Ms: median((row) => row.p95Ms),
    p99Ms: median((row) => row.p99Ms),
    wrong: rows.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

/** Our verdicts while other processes keep every core busy: a judge that measures time by the clock fails here. */
async function oversubscribed(contender: Contender, programs: readonly MixedProgram[]): Promise<Row> {
  const busy = Array.from({ length: 2 * availableParallelism() }, () =>
    spawn(process.execPath, ["-e", "for (;;);"], { stdio: "ignore" }),
  );
  const tally = emptyTally();
  try {
    await run(contender, programs, tally);
  } finally {
    for (const child of busy) child.kill("SIGKILL");
  }
  return toRow(`${contender.name}, ${busy.length} other busy processes`, tally);
}

function print(title: string, rows: readonly Row[]): void {
  const columns = ["programs", "per CPU s", "per s", "p50 ms", "p95 ms", "p99 ms", "wrong"];
  const width = Math.max(...rows.map(({ way }) => way.length), title.length) + 2;
  const lines = rows.map((row) => {
    const { way, programs, wrong, ...figures } = row;
    const { programsPerCpuSecond, programsPerSecond, p50Ms, p95Ms, p99Ms } = figures;
    const numbers = [programsPerCpuSecond, programsPerSecond, p50Ms, p95Ms, p99Ms].map((n) => n.toFixed(1));
    return way.padEnd(width) + [String(programs), ...numbers, String(wrong)].map((cell) => cell.padStart(11)).join("");
  });
  const head = title.padEnd(width) + columns.map((column) => column.padStart(11)).join("");
  process.stdout.write(`${[head, ...lines].join("\n")}\n\n`);
}

const programs = mixedPrograms(Number(values.programs), Number(values.seed));
const ending = programs.filter(({ kind }) => kind !== "looping");
const looping = programs.filter(({ kind }) => kind === "looping");
const judgeOfOurs = await ours();
for (let round = 0; round < WARM_UP_ROUNDS; round++) await run(judgeOfOurs, programs, emptyTally());
const memoryMegabytes = process.resourceUsage().maxRSS / 1024;
const contenders = [judgeOfOurs, await barePyodide(), ...interpreters()];
if (contenders.length === 2) process.stderr.write("python3 not found: fresh interpreters are skipped\n");
for (const contender of contenders.slice(1)) await run(contender, ending.slice(0, 98), emptyTally());

const small = await compare(contenders, ending, Number(values.rounds));
const loops = await compare(
  contenders.filter(({ endsLoops }) => endsLoops),
  looping,
  1,
);
const crowded = await oversubscribed(judgeOfOurs, programs);
for (const contender of contenders) await contender.close();

if (values.json)
  process.stdout.write(`${JSON.stringify({ limitMs: LIMIT_MS, small, loops, crowded, memoryMegabytes })}\n`);
else {
  print("programs that end", small);
  print(`programs that loop (limit ${LIMIT_MS} ms)`, loops);
  print("all of them, oversubscribed", [crowded]);
  process.stdout.write(`memory of this process, with our workers alone: ${memoryMegabytes.toFixed(0)} MB\n`);
}
