// The ways to run a program that are compared: ours, a fresh interpreter for each as the published recipe does it, the
// barest such interpreter, and pyodide with no isolation at all.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { loadPyodide } from "pyodide";
import { judge } from "../../src/judge/judge.js";
import { type Problem, problemSchema } from "../../src/problems/problem.js";
import { openSandbox } from "../../src/sandbox/sandbox.js";
import type { MixedProgram } from "./programs.js";

export const LIMIT_MS = 1000;
const OFFICIAL_PROCESSES = 32;

export interface Contender {
  readonly name: string;
  /** Programs run at once. */
  readonly lanes: number;
  /** Whether the way survives a program that never ends. */
  readonly endsLoops: boolean;
  readonly passes: (program: MixedProgram) => Promise<boolean>;
  /** CPU time used so far, in this process or in processes that have ended. */
  readonly cpuMs: () => number;
  readonly close: () => Promise<void>;
}

/** Our judge, with a worker on each core. */
export async function ours(): Promise<Contender> {
  const workers = availableParallelism();
  const sandbox = await openSandbox({ workers });
  return {
    name: "coderlplus, wasm",
    lanes: workers,
    endsLoops: true,
    passes: async (program) => {
      const { verdict } = await judge(sandbox, toProblem(program), program.program);
      if (verdict.kind === "infrastructure") throw new Error(verdict.message);
      return verdict.kind === "passed";
    },
    cpuMs: ownCpuMs,
    close: () => sandbox.close(),
  };
}

export function toProblem({ stdin, stdout }: MixedProgram): Problem {
  return problemSchema.parse({
    id: "mixed",
    language: "python",
    prompt: "",
    tests: [{ kind: "stdio", stdin, stdout }],
    limits: { timeMs: LIMIT_MS },
  });
}

/** Two ways with a fresh process each; none where there is no python3. */
export function interpreters(): Contender[] {
  const python = findPython();
  if (!python) return [];
  const fresh = (name: string, lanes: number, flags: readonly string[]): Contender => ({
    name,
    lanes,
    endsLoops: true,
    passes: (program) => runFresh(python, [...flags, "-c", program.program], program),
    cpuMs: childrenCpuMs,
    close: async () => {},
  });
  return [
    fresh("python3, site packages, 32 at once", OFFICIAL_PROCESSES, []),
    fresh("python3 -I -S", availableParallelism(), ["-I", "-S"]),
  ];
}

/** The real executable: version managers put a shell script in front of it, which would count against it. */
function findPython(): string | null {
  try {
    return execFileSync("python3", ["-c", "import sys; print(sys.executable)"], { encoding: "utf8" }).trim();
  } catch {
    return null;
  }
}

function runFresh(python: string, parameters: readonly string[], { stdin, stdout }: MixedProgram): Promise<boolean> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(python, parameters, { stdio: ["pipe", "pipe", "ignore"] });
    const timer = setTimeout(() => child.kill("SIGKILL"), LIMIT_MS);
    const parts: Buffer[] = [];
    child.stdout?.on("data", (part: Buffer) => parts.push(part));
    child.stdin?.on("error", () => {});
    child.stdin?.end(stdin);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code === 0 && Buffer.concat(parts).toString() === stdout);
    });
  });
}

/** The limit of what pyodide can do: the program is executed beside everything else, and nothing is put back. */
export async function barePyodide(): Promise<Contender> {
  const python = await loadPyodide({ indexURL: dirname(createRequire(import.meta.url).resolve("pyodide")) });
  const execute = python.runPython(BARE) as (program: string, stdin: string) => string | undefined;
  return {
    name: "pyodide, no isolation",
    lanes: 1,
    endsLoops: false,
    passes: async ({ program, stdin, stdout }) => execute(program, stdin) === stdout,
    cpuMs: ownCpuMs,
    close: async () => {},
  };
}

const BARE = `
import io, sys

def execute(program, stdin):
    sys.stdin, sys.stdout = io.StringIO(stdin), io.StringIO()
    try:
        exec(compile(program, "<program>", "exec"), {"__name__": "__main__"})
        return sys.stdout.getvalue()
    except BaseException:
        return None
execute
`;

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** From /proc: user and system time of waited-for children, in ticks of 10 ms. */
function childrenCpuMs(): number {
  const fields = readFileSync("/proc/self/stat", "latin1").split(") ")[1].split(" ");
  return 10 * (Number(fields[13]) + Number(fields[14]));
}
