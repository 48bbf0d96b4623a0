// `coderlplus doctor`: what works on this machine, and what is off and why. Each check is one entry of a list.

import { tmpdir } from "node:os";
import type { Command } from "commander";
import { messageOf } from "../core/errors.js";
import { probeAdapter } from "../engines/embedded/webgpu/adapter.js";
import { defaultLimits } from "../problems/problem.js";
import { host } from "../runs/versions.js";
import { probe } from "../sandbox/native/probe.js";
import { cacheState } from "../sandbox/python/image.js";
import { openSandbox } from "../sandbox/sandbox.js";
import { type WallLine, wallReport } from "../sandbox/wall/report.js";
import { lookAtServer } from "../train/server.js";

interface Check {
  readonly name: string;
  readonly status: "ok" | "off" | "failed";
  readonly detail: string;
  /** Nothing works without it. */
  readonly essential?: boolean;
}

/** In the order in which they are shown. */
const CHECKS: ReadonlyArray<() => Promise<Check | readonly Check[]>> = [
  machine,
  wasm,
  cache,
  secondWall,
  native,
  onnxruntime,
  webgpu,
  server,
];

export function registerDoctor(program: Command): void {
  program
    .command("doctor")
    .description("report what works on this machine, and why something does not")
    .option("--json", "print the checks as JSON")
    .addHelpText("after", "\nExample:\n  coderlplus doctor --json")
    .action(examine);
}

async function examine(options: { readonly json?: boolean }): Promise<void> {
  const checks: Check[] = [];
  for (const check of CHECKS) checks.push(...[await check()].flat());
  if (options.json) process.stdout.write(`${JSON.stringify({ checks }, null, 2)}\n`);
  else process.stdout.write(table(checks));
  if (checks.some(({ essential, status }) => essential && status !== "ok")) process.exitCode = 1;
}

function table(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length)) + 2;
  return checks.map(({ name, status, detail }) => `${status.padEnd(8)}${name.padEnd(width)}${detail}\n`).join("");
}

async function machine(): Promise<Check> {
  const { platform, arch, cores, memoryBytes, cpu } = host();
  const memory = (Number(memoryBytes) / 2 ** 30).toFixed(1);
  const detail = `${platform} ${arch}, ${cores} cores (${cpu}), ${memory} GiB, Node ${process.versions.node}`;
  return { name: "machine", status: "ok", detail };
}

async function wasm(): Promise<Check> {
  const name = "wasm engine";
  try {
    const started = performance.now();
    const sandbox = await openSandbox({ workers: 1 });
    const readyMs = performance.now() - started;
    try {
      const request = { op: "run", name: "__main__", source: "print(6 * 7)", preamble: "" };
      const [engine, { stdout }] = await sandbox.lease(async (room) => {
        const execution = await room.run({ request, stdin: "", limits: defaultLimits });
        return [room.engine, execution] as const;
      });
      const works = stdout === "42\n";
      const detail = works ? `${engine}, ready in ${readyMs.toFixed(0)} ms` : `6 * 7 came out as "${stdout}"`;
      return { name, status: works ? "ok" : "failed", detail, essential: true };
    } finally {
      await sandbox.close();
    }
  } catch (error) {
    return { name, status: "failed", detail: messageOf(error), essential: true };
  }
}

async function cache(): Promise<Check> {
  const { folder, usable } = cacheState();
  if (folder === null) return { name: "snapshot cache", status: "off", detail: "CODERLPLUS_CACHE is off" };
  const why = `${folder} cannot be written: every start takes its full time; set CODERLPLUS_CACHE, to ${tmpdir()} say`;
  return { name: "snapshot cache", status: usable ? "ok" : "failed", detail: usable ? folder : why };
}

const WALL_STATUS: Readonly<Record<WallLine["status"], Check["status"]>> = {
  proved: "ok",
  "not proved": "off",
  "not available": "off",
};

async function secondWall(): Promise<Check[]> {
  return (await wallReport()).map(({ status, ...line }) => ({ ...line, status: WALL_STATUS[status] }));
}

async function native(): Promise<Check[]> {
  const { python, layers, why } = await probe();
  const found: Check = python
    ? { name: "native: python3", status: "ok", detail: `${python.path}, ${python.version}` }
    : { name: "native: python3", status: "off", detail: why ?? "" };
  const walls = layers.map(({ name, status, detail }): Check => ({ name: `native: ${name}`, status, detail }));
  const detail = why === null ? "every wall that it needs is proved" : "off: programs run in wasm";
  return [found, ...walls, { name: "native engine", status: why === null ? "ok" : "off", detail }];
}

async function onnxruntime(): Promise<Check> {
  const name = "onnxruntime";
  try {
    const { env } = await import("onnxruntime-node");
    return { name, status: "ok", detail: `version ${env.versions.node ?? env.versions.common}` };
  } catch (error) {
    return { name, status: "failed", detail: messageOf(error).split("\n")[0] };
  }
}

async function webgpu(): Promise<Check> {
  return { name: "engine.device: webgpu", ...(await probeAdapter()) };
}

/** The key itself is never shown. */
async function server(): Promise<Check> {
  const name = "engine.kind: tinker";
  const key = process.env.TINKER_API_KEY ? "TINKER_API_KEY is set" : "TINKER_API_KEY is not set";
  if (!process.env.TINKER_BASE_URL && !process.env.TINKER_API_KEY) {
    return { name, status: "off", detail: "neither TINKER_BASE_URL nor TINKER_API_KEY is set" };
  }
  try {
    const { url, models } = await lookAtServer(null);
    const shown = models.slice(0, SHOWN_MODELS).map(({ name: model }) => model);
    const more = models.length > shown.length ? ` and ${models.length - shown.length} more` : "";
    return {
      name,
      status: "ok",
      detail: `${url} answers and has ${shown.join(", ") || "no list of models"}${more}; ${key}`,
    };
  } catch (error) {
    return { name, status: "failed", detail: `${messageOf(error)}; ${key}` };
  }
}

const SHOWN_MODELS = 8;
