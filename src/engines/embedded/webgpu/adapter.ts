// Whether this machine has a WebGPU adapter that computes right. Asked in a child process, because a graphics driver
// that fails takes its process with it. ONNX Runtime does not tell which adapter it took.

import { execFile } from "node:child_process";
import { moduleArguments } from "../../../core/worker.js";

export interface Adapter {
  /** "off" where there is none, "failed" where it computes wrong or crashes. */
  readonly status: "ok" | "off" | "failed";
  readonly detail: string;
}

/** A software driver needs most of it. */
const LIMIT_MS = 120_000;

export function probeAdapter(): Promise<Adapter> {
  const module = new URL("./adapter-probe.js", import.meta.url);
  return new Promise((resolve) => {
    execFile(process.execPath, moduleArguments(module), { timeout: LIMIT_MS }, (error, output) => {
      const answer = output.split("\n").find((line) => line.startsWith("{"));
      if (answer) return resolve(JSON.parse(answer) as Adapter);
      const how = error?.signal ?? error?.code ?? "no answer";
      resolve({
        status: "failed",
        detail: `the process that asked for an adapter ended: ${how}; use engine.device: cpu`,
      });
    });
  });
}
