// A real SkyRL server for tests: its JAX back end on this machine's processor, training the tiny model of tiny-model.ts.
// CODERLPLUS_SKYRL names a checkout of SkyRL, CODERLPLUS_SKYRL_PYTHON a Python 3.12 that has what it needs (docs/skyrl.md).

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { delimiter, dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const CHECKOUT = process.env["CODERLPLUS_SKYRL"];
const PYTHON = process.env["CODERLPLUS_SKYRL_PYTHON"];

/** Adapters train at this alpha there, whatever is asked for. */
export const SKYRL_ALPHA = 32;
export const RANK = 8;

/** Whether there is no SkyRL to start; says so aloud. */
export function isWithoutSkyrl(what: string): boolean {
  if (CHECKOUT && PYTHON) return false;
  process.stderr.write(`skipped, ${what}: CODERLPLUS_SKYRL or CODERLPLUS_SKYRL_PYTHON is not set (docs/skyrl.md)\n`);
  return true;
}

/** Batches of one size each: every new pair of size and length is compiled. */
const BACKEND = {
  max_lora_adapters: 4,
  max_lora_rank: RANK,
  train_micro_batch_size: 1,
  sample_max_num_sequences: 16,
};

export interface SkyrlOptions {
  readonly model: string;
  /** Holds its database and its checkpoints: a second server in the same folder goes on from there. */
  readonly folder: string;
  /** After this long without a heartbeat a session's models are given up. */
  readonly sessionTimeoutS?: number;
  /** Any that is free by default. */
  readonly port?: number;
}

export interface SkyrlServer {
  readonly port: number;
  readonly url: string;
  /** At once and without a word, as a crash would. */
  kill(): Promise<void>;
}

const START_MS = 300_000;

export async function startSkyrl(options: SkyrlOptions): Promise<SkyrlServer> {
  const port = options.port ?? (await freePort());
  const log = join(options.folder, "server.log");
  const output = openSync(log, "a");
  const child = spawn("uv", commandLine(options, port), {
    cwd: options.folder,
    env: environment(),
    stdio: ["ignore", output, output],
    // Its engine is a process of its own: both are in one group, to be ended together.
    detached: true,
  });
  closeSync(output);
  const url = `http://127.0.0.1:${port}`;
  const ended = new Promise<void>((settle) => child.once("close", () => settle()));
  const kill = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  try {
    await answers(url, child, log);
  } catch (error) {
    await kill();
    throw error;
  }
  return { port, url, kill };
}

function commandLine({ model, folder, sessionTimeoutS = 300 }: SkyrlOptions, port: number): string[] {
  const flags = {
    "--backend": "jax",
    "--base-model": resolve(model),
    "--host": "127.0.0.1",
    "--port": String(port),
    "--database-url": `sqlite:///${join(resolve(folder), "futures.db")}`,
    "--checkpoints-base": join(resolve(folder), "checkpoints"),
    "--backend-config": JSON.stringify(BACKEND),
    "--session-timeout-sec": String(sessionTimeoutS),
    "--session-cleanup-interval-sec": "2",
  };
  return ["run", "--no-project", "-m", "skyrl.tinker.api", ...Object.entries(flags).flat()];
}

function environment(): NodeJS.ProcessEnv {
  const bin = dirname(resolve(PYTHON ?? ""));
  return {
    ...process.env,
    VIRTUAL_ENV: dirname(bin),
    PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
    PYTHONPATH: resolve(CHECKOUT ?? ""),
    JAX_PLATFORMS: "cpu",
    HF_HUB_OFFLINE: "1",
  };
}

async function answers(url: string, child: ChildProcess, log: string): Promise<void> {
  let failure: string | null = null;
  child.once("error", (error) => (failure = error.message));
  child.once("exit", (code) => (failure ??= `it ended with ${code}`));
  for (const end = Date.now() + START_MS; Date.now() < end; await pause(200)) {
    if (failure !== null) break;
    const reply = await fetch(`${url}/api/v1/healthz`).catch(() => null);
    if (reply?.ok) return;
  }
  throw new Error(`SkyRL does not start: ${failure ?? "no answer"}\n${readFileSync(log, "utf8").slice(-2000)}`);
}

function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer();
    server.once("error", fail);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => settle(port));
    });
  });
}
