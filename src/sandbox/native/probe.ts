// The start-up proof: every wall of the native engine is attacked in a process of its own (probe.py), once with nothing
// in the way and once with that wall alone. Only what is seen to be refused counts.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "../../core/errors.js";
import type { Ending } from "../job.js";
import { findPython, type Python } from "./python3.js";
import { ENVIRONMENT, FLAGS, NativeServer } from "./server.js";

const TIMEOUT_MS = 60_000;
const MAX_DETAIL = 500;

/** One wall, and how it stood. */
interface Layer {
  readonly name: string;
  /** Off: not to be had here, and not needed. */
  readonly status: "ok" | "off" | "failed";
  readonly detail: string;
}

export interface Proof {
  readonly python: Python | null;
  readonly layers: readonly Layer[];
  /** Why there is no native engine here; null where there is. */
  readonly why: string | null;
}

let proof: Promise<Proof> | null = null;

/** Tried once per process. */
export function probe(): Promise<Proof> {
  proof ??= prove();
  return proof;
}

async function prove(): Promise<Proof> {
  const python = await findPython();
  if (typeof python === "string") return { python: null, layers: [], why: python };
  const layers = await attack(python).catch((error: unknown) => [failure("probe", messageOf(error))]);
  if (!layers.some(({ status }) => status === "failed")) layers.push(await assemble(python));
  const failed = layers.filter(({ status }) => status === "failed");
  const why = failed.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
  return { python, layers, why: why === "" ? null : why };
}

async function attack(python: Python): Promise<Layer[]> {
  const script = fileURLToPath(new URL("./probe.py", import.meta.url));
  const { stdout } = await promisify(execFile)(python.path, [...FLAGS, script], {
    cwd: "/",
    env: ENVIRONMENT,
    timeout: TIMEOUT_MS,
  });
  return JSON.parse(stdout) as Layer[];
}

/** What must come of programs when all walls stand together. */
const TRIALS: ReadonlyArray<readonly [source: string, ending: Ending["kind"]]> = [
  ["print(6 * 7)", "finished"],
  ["while True: pass", "timed-out"],
  ["import os\nos.fork()", "denied"],
  ["x = bytearray(1 << 30)", "out-of-memory"],
  ["while True: print('x' * 1000)", "output-limit"],
  ["import signal\nsignal.raise_signal(signal.SIGSEGV)", "crashed"],
  ["print(6 * 7)", "finished"],
];

/** The whole engine, as it will be used. */
async function assemble(python: Python): Promise<Layer> {
  const name = "supervision";
  const server = new NativeServer(python);
  const limits = { timeMs: 50, memoryBytes: 64 << 20, outputBytes: 1 << 16 };
  try {
    for (const [source, expected] of TRIALS) {
      const request = { op: "run", name: "__main__", source, preamble: "" };
      const { ending } = await server.run({ request, stdin: "", limits });
      if (ending.kind !== expected) return failure(name, `${JSON.stringify(source)} ended as ${ending.kind}`);
    }
    return { name, status: "ok", detail: `${TRIALS.length} programs ended as they must` };
  } catch (error) {
    return failure(name, messageOf(error));
  } finally {
    await server.close();
  }
}

function failure(name: string, why: string): Layer {
  return { name, status: "failed", detail: why.slice(-MAX_DETAIL) };
}
