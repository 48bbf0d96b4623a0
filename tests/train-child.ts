// The command line as a child process, to be stopped and killed; and what of a run's folder is the same for the same seed.

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { moduleArguments } from "../src/core/worker.js";
import type { RunDirectory } from "../src/runs/run-directory.js";

const project = join(import.meta.dirname, "..");

/** @param wrapper  a command that runs what follows it, as \`prlimit --fsize=1000\` does */
export function command(args: readonly string[], wrapper: readonly string[] = []): ChildProcess {
  const main = moduleArguments(new URL("../src/cli/main.js", import.meta.url));
  const [program, ...rest] = [...wrapper, process.execPath, ...main, ...args];
  return spawn(program ?? "", rest, { cwd: project, stdio: ["ignore", "pipe", "pipe"] });
}

/** Waits for the text on standard output. */
export function seen(child: ChildProcess, pattern: RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    });
    child.once("exit", () => reject(new Error(`ended before ${pattern}: ${text}`)));
  });
}

/** The exit code; null for one that was killed. */
export function exited(child: ChildProcess): Promise<number | null> {
  child.stdout?.resume();
  child.stderr?.resume();
  return new Promise((resolve) => child.once("exit", resolve));
}

export async function killWhen(pattern: RegExp, args: readonly string[]): Promise<void> {
  const child = command(args);
  await seen(child, pattern);
  const gone = exited(child);
  child.kill("SIGKILL");
  await gone;
}

export async function output(child: ChildProcess): Promise<{ code: number | null; stderr: string }> {
  let stderr = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { code: await exited(child), stderr };
}

/** Metrics as text without what depends on clock or memory. */
export function deterministic(run: RunDirectory): string {
  return run
    .readMetrics()
    .map((line) => JSON.stringify(Object.entries(line).filter(([key]) => !/^(time|memory)\//.test(key))))
    .join("\n");
}

export function rolloutText(run: RunDirectory, steps = run.rolloutSteps()): string {
  return steps
    .map((step) => readFileSync(join(run.path, "rollouts", `step-${String(step).padStart(6, "0")}.jsonl`), "utf8"))
    .join("")
    .replace(/"cpuMs": [-\d.e]+/g, '"cpuMs": 0');
}

export function weights(run: RunDirectory): Buffer {
  return readFileSync(join(run.checkpointPath(run.checkpointSteps().at(-1) as number), "model.safetensors"));
}
