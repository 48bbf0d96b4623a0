// The start-up proof: every wall of the native engine is attacked in a process of its own (probe.py), once with nothing
// in the way and once with that wall alone. Only what is seen to be refused counts.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { messageOf } from "../../core/errors.js";
import { findPython, type Python } from "./python3.js";
import { ENVIRONMENT, FLAGS } from "./server.js";

const TIMEOUT_MS = 60_000;

/** One wall, and how it stood. */
export interface Layer {
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
  const layers = await attack(python).catch((error: unknown) => [
    { name: "probe", status: "failed", detail: messageOf(error).slice(-500) } as const,
  ]);
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
