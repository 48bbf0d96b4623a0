// Whole runs that are interrupted: by faults on the way, a server that is killed, away, full or has given the model up,
// a key that expires. Each comes to the same end as the run that nothing happened to, by itself or by --resume, and each
// datum has counted once.

import { type ChildProcess, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RunError } from "../../src/core/errors.js";
import { decodeForwardBackward } from "../../src/engines/tinker/protocol/forward-backward.js";
import { type EngineServer, type ServeOptions, serveEngine } from "../../src/engines/tinker/server/serve.js";
import { bundled } from "../../src/problems/bundled.js";
import { RunDirectory } from "../../src/runs/run-directory.js";
import { train } from "../../src/train/run.js";
import { command, exited, killWhen, seen } from "../train-child.js";
import { randomly } from "./fault-plans.js";
import { type Fault, type FaultyProxy, openFaultyProxy, type Passed, type Plan } from "./faulty-proxy.js";
import { configOf, expectEqual, remote, run, small } from "./runs.js";

const nightly = process.env["CODERLPLUS_NIGHTLY"] === "1";
/**
 * What is tried in each run of the tests too, in ways of their own: src/cli/remote.test.ts, tests/resume.test.ts,
 * src/train/lost.test.ts; a full disk and a silent client in src/engines/tinker/server.
 */
const itNightly = it.runIf(nightly);
const root = mkdtempSync(join(tmpdir(), "coderlplus-broken-"));
const opened: Array<{ close(): Promise<void> }> = [];

/** The run that nothing happened to, what its server was asked for, and what it left there. */
let unbroken: RunDirectory;
let asked: readonly Passed[];
let kept: Buffer;

beforeAll(async () => {
  const { proxy, folder } = await served("unbroken");
  unbroken = await run(join(root, "unbroken"), ...remote(proxy.url));
  asked = proxy.passed;
  kept = newestWeights(folder);
});
afterAll(async () => {
  for (const each of opened) await each.close();
  rmSync(root, { recursive: true, force: true });
});

/** A server of its own with a proxy before it. */
async function served(
  name: string,
  options: Partial<ServeOptions> = {},
): Promise<{ readonly proxy: FaultyProxy; readonly folder: string; readonly server: EngineServer }> {
  const folder = options.folder ?? join(root, "served", name);
  const server = await serveEngine({ model: bundled("bundled", "model"), threads: 1, port: 0, ...options, folder });
  const proxy = await openFaultyProxy(server.url);
  opened.push(proxy, server);
  return { proxy, folder, server };
}

/** Weights and moments of the newest checkpoint that a server keeps. */
function newestWeights(folder: string): Buffer {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith(".safetensors") && entry.parentPath.includes("step-000003"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  expect(files.length).toBeGreaterThan(1);
  return Buffer.concat(files.map((file) => readFileSync(file)));
}

/** By the place of each gradient in its model's order, how many datums the server took there; a repetition is the same. */
function datumsOf(passed: readonly Passed[]): number[] {
  const taken = new Map<string, { readonly body: Buffer; readonly datums: number }>();
  for (const { name, of, sequenceId, body, headers, status } of passed) {
    if (name !== "forward_backward" || status >= 300) continue;
    const { datums, forwardOnly } = decodeForwardBackward(body, headers["content-type"] ?? "");
    const place = `${of} ${sequenceId}`;
    expect(taken.get(place)?.body.equals(body) ?? true).toBe(true);
    if (!forwardOnly) taken.set(place, { body, datums: datums.length });
  }
  return [...taken.values()].map(({ datums }) => datums);
}

const callsOf = (passed: readonly Passed[], name: string): number =>
  new Set(passed.filter((call) => call.name === name && call.status < 300).map(({ body }) => body.toString("latin1")))
    .size;

/** From the n-th call of this name on, every request but those before it. */
function from(name: string, nth: number, then: Plan): Plan {
  let calls = 0;
  let begun = false;
  return (passing) => {
    if (passing.name === name && passing.attempt === 0) calls++;
    begun ||= calls === nth;
    return begun ? then(passing) : null;
  };
}

/** @returns what the run says as it fails */
async function failing(path: string, settings: readonly string[]): Promise<string> {
  const error = await train(configOf(...settings), { path }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(RunError);
  expect(RunDirectory.open(path).readInfo().status).toBe("failed");
  return (error as RunError).message;
}

async function resumed(path: string, settings: readonly string[]): Promise<void> {
  const { run: found } = await train(configOf(...settings), { path, resume: true });
  expectEqual(found, unbroken);
}

describe("a run with faults on its way", () => {
  const seeds = Array.from({ length: nightly ? 20 : 1 }, (_, i) => `faults ${i}`);
  it.each(seeds)("is the run without them, and no datum is lost or counted twice: %s", async (seed) => {
    const { proxy, folder } = await served(seed);
    proxy.plan = randomly(seed, 0.15);
    expectEqual(await run(join(root, seed), ...remote(proxy.url)), unbroken);
    expect([...proxy.happened.values()].length).toBeGreaterThan(5);
    expect(datumsOf(proxy.passed)).toEqual(datumsOf(asked));
    expect(callsOf(proxy.passed, "optim_step")).toBe(callsOf(asked, "optim_step"));
    expect(newestWeights(folder).equals(kept)).toBe(true);
  });
});

describe("a run whose server", () => {
  const drop: Fault = { kind: "drop", when: "before" };

  itNightly("is away for a while waits for it, with nothing lost", async () => {
    const { proxy, folder } = await served("while");
    let until = 0;
    proxy.plan = from("optim_step", 3, () => {
      until ||= performance.now() + 1500;
      return performance.now() < until ? drop : null;
    });
    expectEqual(await run(join(root, "while"), ...remote(proxy.url)), unbroken);
    expect(proxy.happened.get("drop before")).toBeGreaterThan(1);
    expect(callsOf(proxy.passed, "create_model")).toBe(1);
    expect(newestWeights(folder).equals(kept)).toBe(true);
  });

  itNightly(
    "is away for longer than engine.patienceMinutes stops with one message, and is resumed to the same end",
    async () => {
      const { proxy } = await served("away");
      const path = join(root, "away");
      const settings = remote(proxy.url, "engine.patienceMinutes=0.01");
      proxy.plan = from("optim_step", 4, () => drop);
      const said = await failing(path, settings);
      expect(said).toMatch(/failed after [12] whole steps?: .*is the server running/);
      expect(said).toMatch(/last good checkpoint: .*step-00000[12]/);
      proxy.plan = () => null;
      await resumed(path, settings);
    },
  );

  itNightly("takes its key no longer stops with one message, and is resumed with the right one", async () => {
    const { proxy } = await served("key");
    const path = join(root, "key");
    const body = JSON.stringify({ detail: "this key has expired" });
    proxy.plan = from("optim_step", 4, () => ({ kind: "answer", status: 401, body }));
    const said = await failing(path, remote(proxy.url));
    expect(said).toMatch(/status 401 \(this key has expired\).*TINKER_API_KEY/);
    proxy.plan = () => null;
    await resumed(path, remote(proxy.url));
  });

  itNightly("gives its session up, as after a long silence, goes on from its checkpoint by itself", async () => {
    const { proxy, folder, server } = await served("silent");
    let ended: Promise<unknown> | null = null;
    proxy.plan = from("optim_step", 3, async ({ of }) => {
      const session = of?.split(":")[0];
      if (session) ended ??= fetch(`${server.url}/api/v1/sessions/${session}/finish`, { method: "POST", body: "{}" });
      await ended;
      return null;
    });
    expectEqual(await run(join(root, "silent"), ...remote(proxy.url)), unbroken);
    expect(callsOf(proxy.passed, "create_model")).toBe(2);
    expect(newestWeights(folder).equals(kept)).toBe(true);
  });

  itNightly("has no room for a checkpoint stops with the server's words, its last checkpoint whole", async (test) => {
    const disk = join(root, "disk");
    mkdirSync(disk);
    const size = (megabytes: number): string[] => ["-t", "tmpfs", "-o", `size=${megabytes}m`, "none", disk];
    if (spawnSync("mount", size(9)).status !== 0) {
      process.stderr.write("SKIPPED: no full disk of a server is tried: this process may not mount one\n");
      test.skip();
    }
    try {
      const { proxy, server } = await served("full", { folder: join(disk, "served") });
      const path = join(root, "full");
      expect(await failing(path, remote(proxy.url))).toMatch(/no space left on the disk/);
      expect(RunDirectory.open(path).checkpointSteps()).toEqual([1]);
      spawnSync("mount", ["-o", "remount,size=64m", disk]);
      await resumed(path, remote(proxy.url));
      await server.close();
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  itNightly("is killed and started again goes on from its checkpoint by itself", async () => {
    const folder = join(root, "killed, served");
    const first = await startServer(folder, 0);
    const proxy = await openFaultyProxy(first.url);
    opened.push(proxy);
    const again: Array<Promise<ServerProcess>> = [];
    proxy.plan = from("optim_step", 4, async () => {
      const { port } = new URL(first.url);
      if (again.length === 0) again.push(killed(first.child).then(() => startServer(folder, Number(port))));
      await Promise.all(again);
      return null;
    });
    try {
      expectEqual(await run(join(root, "killed"), ...remote(proxy.url)), unbroken);
      expect(newestWeights(folder).equals(kept)).toBe(true);
    } finally {
      await killed(first.child);
      for (const { child } of await Promise.all(again)) await killed(child);
    }
  });
});

interface ServerProcess {
  readonly child: ChildProcess;
  readonly url: string;
}

async function startServer(folder: string, port: number): Promise<ServerProcess> {
  const args = ["serve-engine", "--model", bundled("bundled", "model"), "--folder", folder, "--port", String(port)];
  const child = command([...args, "--threads", "1"]);
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  await seen(child, /http:\/\/[\d.]+:\d+/);
  return { child, url: /http:\/\/[\d.]+:\d+/.exec(text)?.[0] ?? "" };
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = exited(child);
  child.kill("SIGKILL");
  await gone;
}

describe("a trainer that is killed", () => {
  itNightly("is resumed to the same end", async () => {
    const { proxy } = await served("trainer");
    const path = join(root, "trainer");
    const settings = [...small, ...remote(proxy.url)].flatMap((setting) => ["--set", setting]);
    await killWhen(/step 2\//, ["train", "coderlplus", "--run", path, ...settings]);
    expect(existsSync(join(path, "run.json"))).toBe(true);
    await resumed(path, remote(proxy.url));
  });
});
