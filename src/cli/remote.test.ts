// Runs on a server, the real one of this project with the bundled model: a server that is started again, or is gone, and
// what is done with weights that lie there.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { Command } from "commander";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type EngineServer, serveEngine } from "../engines/tinker/server/serve.js";
import { bundled } from "../problems/bundled.js";
import type { RunDirectory } from "../runs/run-directory.js";
import { applySettings, resolveConfig } from "../train/config/resolve.js";
import type { Config } from "../train/config/schema.js";
import { silent } from "../train/reporter.js";
import { type TrainOptions, train } from "../train/run.js";
import { registerExport } from "./export.js";
import { textLogprobs } from "./logprobs.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-remote-"));
let server: EngineServer;
let undisturbed: RunDirectory;

const serve = (port: number): Promise<EngineServer> =>
  serveEngine({ model: bundled("bundled", "model"), names: ["small"], folder: join(root, "server"), port, threads: 1 });

async function restart(): Promise<void> {
  const port = Number(new URL(server.url).port);
  await server.close();
  server = await serve(port);
}

const configOf = (...settings: string[]): Config =>
  resolveConfig(
    applySettings({}, [
      "train.steps=4",
      "train.checkpointEvery=2",
      "train.keepCheckpoints=1",
      "rollouts.prompts=5",
      "rollouts.groupSize=4",
      "evaluation.problems=1",
      "judge.workers=1",
      "sandbox.wall=off",
      "engine.kind=tinker",
      "engine.model=small",
      "engine.tokenizer=bundled",
      `engine.baseUrl=${server.url}`,
      "engine.lora.rank=4",
      ...settings,
    ]),
    "test",
  );

const run = async (name: string, options: TrainOptions = {}, ...settings: string[]): Promise<RunDirectory> =>
  (await train(configOf(...settings), { path: join(root, name), ...options })).run;

/** Metrics and rollouts without what depends on the clock. */
function textOf(run: RunDirectory): string {
  const timeless = run
    .readMetrics()
    .map((line) => Object.entries(line).filter(([key]) => !/^(time|memory)\//.test(key)));
  const rollouts = run
    .rolloutSteps()
    .map((step) => readFileSync(join(run.path, "rollouts", `step-00000${step}.jsonl`), "utf8"));
  return JSON.stringify(timeless) + rollouts.join("").replace(/"cpuMs": [-\d.e]+/g, "");
}

beforeAll(async () => {
  server = await serve(0);
  undisturbed = await run("undisturbed");
});
afterAll(async () => {
  await server.close();
  rmSync(root, { recursive: true, force: true });
});

describe("a run on a server", () => {
  it("says where it computes, and keeps no weights here", () => {
    const { host, status, dataHashes } = undisturbed.readInfo();
    expect([host.device, status]).toEqual([`tinker: ${new URL(server.url).host}`, "finished"]);
    expect(dataHashes.model).toMatch(/^[0-9a-f]{64}$/);
    expect(undisturbed.checkpointSteps()).toEqual([4]);
    const kept = readdirSync(join(root, "server"), { recursive: true }).map(String);
    const names = kept.filter((path) => /(?:^|\/)step-[\w-]+$/.test(path));
    expect(names).toEqual([expect.stringContaining("step-000004-")]);
  });

  it("goes on by itself where its server was started again, and is the run that nobody disturbed", async () => {
    const notices: string[] = [];
    let restarted: Promise<void> | undefined;
    const reporter = {
      ...silent,
      notice: (text: string) => void notices.push(text),
      step: ({ step }: { step: number }) => {
        if (step === 3) restarted ??= restart();
      },
    };
    const disturbed = await run("disturbed", { reporter });
    await restarted;
    expect(notices.filter((text) => text.endsWith("; going on from step 2"))).toHaveLength(1);
    expect(textOf(disturbed) === textOf(undisturbed)).toBe(true);
  });

  it("ends with one message where the server stays away, and goes on to the same place", async () => {
    const port = Number(new URL(server.url).port);
    let closed: Promise<void> | undefined;
    const reporter = {
      ...silent,
      step: ({ step }: { step: number }) => {
        if (step === 3) closed ??= server.close();
      },
    };
    const path = join(root, "left");
    const failure = await run("left", { reporter }, "engine.patienceMinutes=0.01").then(String, String);
    await closed;
    expect(failure).toMatch(
      /^RunError: .*left: failed after 3 whole steps: .*\n {2}last good checkpoint: .*step-000002\n/,
    );
    expect(failure).toContain(`once the server answers: coderlplus train --run ${path} --resume`);
    server = await serve(port);
    const resumed = await run("left", { resume: true }, "engine.patienceMinutes=1");
    expect(resumed.readInfo().status).toBe("finished");
    expect(textOf(resumed) === textOf(undisturbed)).toBe(true);
  });
});

describe("weights that lie with a server", () => {
  beforeAll(() => void vi.stubEnv("TINKER_BASE_URL", server.url));
  afterAll(() => void vi.unstubAllEnvs());
  const TEXT = "def f(x):\n    return sorted(x)\n";
  const checkpoint = (): string => undisturbed.checkpointPath(4);

  it("are asked where they lie, as a run, a checkpoint or a name", async () => {
    const [run, folder, base, here] = await Promise.all(
      [undisturbed.path, checkpoint(), "tinker:small", "bundled"].map((model) => textLogprobs(model, TEXT, "bundled")),
    );
    expect(folder).toEqual(run);
    expect(base.total).toBeCloseTo(here.total, 4);
    expect(Math.abs(folder.total - base.total)).toBeGreaterThan(1e-4);
  });

  it("come as an archive that the server packs, and are not left there twice", async () => {
    const out = join(root, "model.tar.gz");
    const written: string[] = [];
    const program = new Command();
    registerExport(program, (text) => written.push(text));
    await program.parseAsync(["export", "--run", undisturbed.path, "--out", out, "--json"], { from: "user" });
    const { model, lora, bytes } = JSON.parse(written.join("")) as Record<string, unknown>;
    expect([model, lora, bytes]).toEqual(["small", expect.objectContaining({ rank: 4 }), statSync(out).size]);
    expect(gunzipSync(readFileSync(out)).includes("adapter_model.safetensors")).toBe(true);
    const kept = readdirSync(join(root, "server"), { recursive: true }).map(String);
    expect(kept.some((path) => path.includes("weights"))).toBe(true);
    expect(kept.some((path) => path.includes("export-"))).toBe(false);
    const folder = program.parseAsync(["export", "--run", undisturbed.path, "--out", join(root, "m")], {
      from: "user",
    });
    await expect(folder).rejects.toThrow(/which packs them itself: name an archive, as in --out .*m\.tar\.gz/);
  });

  it("begin another run, with what they were trained with", async () => {
    const settings = [`engine.model=${checkpoint()}`, "train.steps=1"];
    await expect(run("other", {}, ...settings, "engine.lora.rank=8")).rejects.toThrow(
      /a checkpoint of adapters of rank 4; set engine\.lora\.rank=4/,
    );
    await expect(run("other", {}, ...settings, "policy.klCoefficient=0.1")).rejects.toThrow(
      /the reference that a server has is the model before any training; set it to 0/,
    );
  });
});
