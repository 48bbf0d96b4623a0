// What the way over HTTP costs: `npm run bench:service [-- --programs 1024 --rounds 3 --at-once 64 --json]`. The same mix of
// programs goes to the service, as verl sends it to SandboxFusion, and to the judge in this process, chunk by chunk in
// turn, so that a busy machine slows both alike; the median of the rounds is told. The client is a process of its own;
// processor time is this process's, with all its threads.

import { fork } from "node:child_process";
import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { quantile } from "../src/core/maths.js";
import { serveService } from "../src/service/serve.js";
import { LIMIT_MS, ours } from "./sandbox/engines.js";
import { type MixedProgram, mixedPrograms } from "./sandbox/programs.js";
import type { Batch, Batched } from "./service/client.js";

const { values } = parseArgs({
  options: {
    programs: { type: "string", default: "1024" },
    seed: { type: "string", default: "7" },
    rounds: { type: "string", default: "3" },
    "at-once": { type: "string", default: "64" },
    chunk: { type: "string", default: "128" },
    json: { type: "boolean", default: false },
  },
});

/** As in bench/sandbox.ts: compilers warm up. */
const WARM_UP_ROUNDS = 2;

interface Way {
  readonly name: string;
  readonly run: (programs: readonly MixedProgram[]) => Promise<Batched>;
}

interface Row {
  readonly way: string;
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly cpuSeconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly wrong: number;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

async function overHttp(): Promise<Way & { readonly close: () => Promise<void> }> {
  const service = await serveService({ port: 0, workers: availableParallelism() });
  const child = fork(new URL("./service/client.ts", import.meta.url), { execArgv: ["--import", "tsx"] });
  const run = (programs: readonly MixedProgram[]): Promise<Batched> => {
    const batch: Batch = {
      url: service.url,
      programs,
      atOnce: Number(values["at-once"]),
      limitSeconds: LIMIT_MS / 1000,
    };
    return new Promise((resolve, reject) => {
      const died = (code: number | null): void => reject(new Error(`the client ended with ${code}`));
      child.once("exit", died);
      child.once("message", (batched: Batched) => {
        child.off("exit", died);
        resolve(batched);
      });
      child.send(batch);
    });
  };
  const close = async (): Promise<void> => {
    child.disconnect();
    await service.close();
  };
  return { name: "over HTTP", run, close };
}

async function inProcess(): Promise<Way & { readonly close: () => Promise<void> }> {
  const judge = await ours();
  const run = async (programs: readonly MixedProgram[]): Promise<Batched> => {
    const latenciesMs: number[] = [];
    let wrong = 0;
    const queue = programs.values();
    const lane = async (): Promise<void> => {
      for (const program of queue) {
        const begun = performance.now();
        const passed = await judge.passes(program);
        latenciesMs.push(performance.now() - begun);
        wrong += Number(passed !== (program.kind === "correct"));
      }
    };
    await Promise.all(Array.from({ length: judge.lanes }, lane));
    return { latenciesMs, wrong };
  };
  return { name: "judge in process", run, close: () => judge.close() };
}

async function round(ways: readonly Way[], programs: readonly MixedProgram[]): Promise<Row[]> {
  const sums = ways.map(() => ({ wallMs: 0, cpuMs: 0, wrong: 0, latenciesMs: [] as number[] }));
  const size = Number(values.chunk);
  for (let start = 0; start < programs.length; start += size) {
    for (const [index, { run }] of ways.entries()) {
      const [sum, cpuBefore, begun] = [sums[index], cpuMs(), performance.now()];
      const { latenciesMs, wrong } = await run(programs.slice(start, start + size));
      sum.wallMs += performance.now() - begun;
      sum.cpuMs += cpuMs() - cpuBefore;
      sum.wrong += wrong;
      sum.latenciesMs.push(...latenciesMs);
    }
  }
  return sums.map(({ wallMs, cpuMs, wrong, latenciesMs }, index) => ({
    way: ways[index].name,
    perSecond: (1000 * programs.length) / wallMs,
    perCpuSecond: (1000 * programs.length) / cpuMs,
    cpuSeconds: cpuMs / 1000,
    p50Ms: quantile(latenciesMs, 0.5),
    p99Ms: quantile(latenciesMs, 0.99),
    wrong,
  }));
}

function medians(rows: readonly Row[]): Row {
  const median = (of: (row: Row) => number): number => quantile(rows.map(of), 0.5);
  return {
    way: rows[0].way,
    perSecond: median((row) => row.perSecond),
    perCpuSecond: median((row) => row.perCpuSecond),
    cpuSeconds: median((row) => row.cpuSeconds),
    p50Ms: median((row) => row.p50Ms),
    p99Ms: median((row) => row.p99Ms),
    wrong: rows.reduce((sum, { wrong }) => sum + wrong, 0),
  };
}

function table(rows: readonly Row[]): string {
  const head = ["per s", "per CPU s", "CPU s", "p50 ms", "p99 ms", "wrong"];
  const lines = rows.map(({ way, perSecond, perCpuSecond, cpuSeconds, p50Ms, p99Ms, wrong }) => {
    const cells = [perSecond, perCpuSecond, cpuSeconds, p50Ms, p99Ms].map((n) => n.toFixed(1));
    return way.padEnd(20) + [...cells, String(wrong)].map((cell) => cell.padStart(11)).join("");
  });
  return [`${"".padEnd(20)}${head.map((cell) => cell.padStart(11)).join("")}`, ...lines].join("\n");
}

const load = loadavg().map((n) => n.toFixed(1));
const programs = mixedPrograms(Number(values.programs), Number(values.seed));
const [http, judge] = [await overHttp(), await inProcess()];
const ways = [http, judge];
for (let warm = 0; warm < WARM_UP_ROUNDS; warm++) await round(ways, programs.slice(0, 512));
const rounds: Row[][] = [];
for (let at = 0; at < Number(values.rounds); at++) rounds.push(await round(ways, programs));
await http.close();
await judge.close();
const rows = ways.map((_, index) => medians(rounds.map((row) => row[index])));
const slower = 1 - rows[0].perCpuSecond / rows[1].perCpuSecond;
if (values.json) process.stdout.write(`${JSON.stringify({ rows, slowerPerCpuSecond: slower, load })}\n`);
else {
  process.stdout.write(
    `${table(rows)}\nover HTTP: ${(100 * slower).toFixed(1)} % fewer per CPU second; load before: ${load.join(", ")}\n`,
  );
}
