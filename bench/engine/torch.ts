// PyTorch beside the engine: one process for each model and number of threads, which computes when told, so that the
// two take turns in one run. Where there is no PyTorch, there is no column.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DecoderConfig } from "../../src/engines/embedded/model/config.js";
import type { Cost } from "./work.js";

export interface TorchInstallation {
  readonly python: string;
  readonly version: string;
}

export type TorchTask =
  /** Median of one product of square matrices. */
  | { readonly kind: "gemm"; readonly size: number; readonly repeats: number }
  | {
      readonly kind: "train" | "sample";
      readonly form: (typeof FORMS)[number];
      readonly rows: number;
      readonly length: number;
    };

/** How attention is computed: PyTorch's own kernel, or a softmax between two products. The faster one counts. */
export const FORMS = ["sdpa", "plain"] as const;

/** Of CODERLPLUS_PYTHON or python3, undefined where it has none. */
export function findTorch(): TorchInstallation | undefined {
  const python = process.env.CODERLPLUS_PYTHON ?? "python3";
  try {
    const version = execFileSync(python, ["-c", "import torch; print(torch.__version__)"], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return { python, version: version.trim() };
  } catch {
    return undefined;
  }
}

export class TorchProcess {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor({ python }: TorchInstallation, threads: number, sizes: DecoderConfig) {
    const script = fileURLToPath(new URL("./torch_baseline.py", import.meta.url));
    this.#child = spawn(python, [script, JSON.stringify({ threads, sizes })], {
      stdio: ["pipe", "pipe", "inherit"],
      env: { ...process.env, ...bestBlas(), OMP_NUM_THREADS: String(threads) },
    });
    if (!this.#child.stdout) throw new Error("the process has no output");
    this.#lines = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  async run(task: TorchTask): Promise<Cost> {
    this.#child.stdin?.write(`${JSON.stringify(task)}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("PyTorch's process ended; what it said stands above");
    return JSON.parse(value) as Cost;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.stdin?.end();
    await exit;
  }
}

/** MKL picks slower code on processors that it does not know: with AVX512 it is told to use it. */
function bestBlas(): Record<string, string> {
  try {
    return readFileSync("/proc/cpuinfo", "utf8").includes("avx512f") ? { MKL_ENABLE_INSTRUCTIONS: "AVX512" } : {};
  } catch {
    return {};
  }
}
