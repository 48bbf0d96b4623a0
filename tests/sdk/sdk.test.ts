// The protocol's official Python SDK as a client of our server: what its users would do, from first model to archive.
// It needs a Python that has the package `tinker`, named by CODERLPLUS_PYTHON, and is passed over, aloud, without.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestModel, removeTestModels } from "../../src/engines/embedded/test-model.js";
import { type EngineServer, serveEngine } from "../../src/engines/tinker/server/serve.js";
import { type Recorder, recordBefore } from "./recorder.js";

type Rows = readonly (readonly number[])[];
type Scored = readonly (number | null)[];

interface Policy {
  readonly loss: number;
  readonly logprobs: Rows;
  readonly before: Rows;
  readonly after: Rows;
}

/** What use_sdk.py writes, a key for each of its steps. */
/** Bytes of each file. */
type Exports = Readonly<Record<"library" | "command", Readonly<Record<string, number>>>>;

interface Answers {
  readonly version: string;
  readonly capabilities: readonly string[];
  readonly info: { readonly id: string; readonly name: string; readonly rank: number };
  readonly cross_entropy: {
    readonly losses: readonly number[];
    readonly logprobs: Rows;
    readonly optimizer: ReadonlyArray<Readonly<Record<string, number>>>;
  };
  readonly sampled: {
    readonly tokens: Rows;
    readonly again: Rows;
    readonly reasons: readonly string[];
    readonly logprobs: Rows;
    readonly trainer: Rows;
    readonly scored: readonly Scored[];
    readonly trainerWhole: Rows;
  };
  readonly stopped: { readonly first: number; readonly tokens: readonly number[]; readonly reason: string };
  readonly importance_sampling: Policy;
  readonly ppo: Policy;
  readonly cispo: Policy;
  /** Null where the Python has no torch. */
  readonly custom: { readonly squares: number; readonly before: Rows; readonly after: Rows } | null;
  readonly state: Readonly<Record<"saved" | "loaded" | "wentOn" | "resumedOn" | "withoutOptimizer", Rows>> & {
    readonly path: string;
  };
  readonly old_load: Rows;
  readonly named_sampler: {
    readonly path: string;
    readonly scored: Scored;
    readonly trainer: readonly number[];
    readonly base: string;
  };
  readonly earlier_sampler: Scored;
  readonly base_sampler: Scored;
  readonly listings: {
    readonly runs: readonly string[];
    readonly run: string;
    readonly byPath: string;
    readonly checkpoints: ReadonlyArray<readonly [string, string, string]>;
    readonly mine: readonly string[];
    readonly weights: readonly [string, boolean, number];
    readonly session: boolean;
    readonly sessions: boolean;
  };
  /** Null where the SDK has no archives. */
  readonly archive: readonly string[] | null;
  /** Null where the SDK has no exports. */
  readonly exported: Exports | null;
  readonly deleted: readonly string[];
  readonly likeliest: { readonly error: string };
  readonly refusals: Readonly<Record<"loss" | "model" | "path", string | null>>;
}

const python = process.env["CODERLPLUS_PYTHON"];
if (python === undefined) {
  process.stderr.write("tests/sdk: skipped. Set CODERLPLUS_PYTHON to a Python that has the package tinker.\n");
}

const TOLERANCE = 1e-4;

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found.length).toBe(wanted.length);
  expect(Math.max(0, ...found.map((value, at) => Math.abs(value - wanted[at])))).toBeLessThan(TOLERANCE);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function numbers(scored: Scored): number[] {
  return scored.filter((value) => value !== null);
}

describe.skipIf(python === undefined)("the official Python SDK on our server", () => {
  const folder = mkdtempSync(join(tmpdir(), "coderlplus-sdk-"));
  let server: EngineServer;
  let recorder: Recorder;
  let answers: Answers;

  beforeAll(async () => {
    server = await serveEngine({ model: createTestModel().folder, folder, port: 0, models: 8 });
    recorder = await recordBefore(server.url);
    const script = fileURLToPath(new URL("use_sdk.py", import.meta.url));
    const { stdout } = await promisify(execFile)(python ?? "", [script, recorder.url, "tiny"], {
      maxBuffer: 2 ** 24,
      timeout: 300_000,
    });
    answers = JSON.parse(stdout) as Answers;
    process.stderr.write(`tests/sdk: tinker ${answers.version}\n`);
  });

  afterAll(async () => {
    await recorder?.close();
    await server?.close();
    removeTestModels();
    rmSync(folder, { recursive: true, force: true });
  });

  it("finds every endpoint that it asks for", () => {
    const missing = recorder.calls.filter(({ status }) => status === 404 || status === 405 || status >= 500);
    // The path of no run, among the refusals.
    expect(missing).toEqual([{ call: "POST /api/v1/create_sampling_session", status: 404 }]);
  });

  it("is told what is served, and of its model", () => {
    expect(answers.capabilities).toEqual(["tiny"]);
    expect(answers.info).toEqual({ id: expect.stringMatching(/:train:0$/), name: "tiny", rank: 4 });
  });

  it("trains by cross-entropy, submitted ahead, beginning at the base model", () => {
    const { losses, logprobs, optimizer } = answers.cross_entropy;
    expect(losses.toSorted((a, b) => b - a)).toEqual(losses);
    expect(new Set(losses).size).toBe(4);
    expect(losses[0]).toBeCloseTo(-sum(logprobs.flat()), 3);
    expectClose(logprobs[0], numbers(answers.base_sampler));
    for (const metrics of optimizer) expect(metrics["grad_norm"]).toBeGreaterThan(0);
  });

  it("samples with the trainer's own logprobs, the same for the same seed", () => {
    const { tokens, again, reasons, logprobs, trainer, scored, trainerWhole } = answers.sampled;
    expect(again).toEqual(tokens);
    expect(reasons).toEqual(["length", "length", "length"]);
    for (const [at, row] of logprobs.entries()) {
      expect(row.length).toBe(6);
      expectClose(row, trainer[at]);
      expect(scored[at][0]).toBeNull();
      expectClose(numbers(scored[at]), trainerWhole[at]);
    }
  });

  it("stops at a token, which is the last one", () => {
    expect(answers.stopped).toEqual({ first: answers.stopped.tokens[0], tokens: [expect.any(Number)], reason: "stop" });
  });

  it.each(["importance_sampling", "ppo", "cispo"] as const)("trains by %s", (loss) => {
    const { before, after, logprobs, loss: value } = answers[loss];
    expectClose(logprobs.flat(), before.flat());
    // Every ratio is 1, four tokens with advantage 1 and six with -1; cispo weighs the logprobs themselves.
    expect(value).toBeCloseTo(loss === "cispo" ? sum(before[1]) - sum(before[0]) : 2, 3);
    expect(sum(after[0]) - sum(after[1])).toBeGreaterThan(sum(before[0]) - sum(before[1]));
  });

  it("trains by a loss of the caller's own", ({ skip }) => {
    const { custom } = answers;
    skip(custom === null, "this Python has no torch");
    const squares = (rows: Rows) => sum(rows.flat().map((value) => value ** 2));
    expect(custom?.squares).toBeCloseTo(squares(custom?.before ?? []), 2);
    expect(squares(custom?.after ?? [])).toBeLessThan(squares(custom?.before ?? []));
  });

  it("goes on from a checkpoint as the model that wrote it", () => {
    const { path, saved, loaded, wentOn, resumedOn, withoutOptimizer } = answers.state;
    expect(path).toBe(`tinker://${answers.info.id}/weights/step-1`);
    expectClose(loaded.flat(), saved.flat());
    expectClose(resumedOn.flat(), wentOn.flat());
    expectClose(withoutOptimizer.flat(), saved.flat());
    expectClose(answers.old_load.flat(), saved.flat());
  });

  it("samples from weights by name, and from earlier weights whatever was trained since", () => {
    const { scored, trainer, base } = answers.named_sampler;
    expectClose(numbers(scored), trainer);
    expect(base).toBe("tiny");
    expectClose(numbers(answers.earlier_sampler), numbers(answers.sampled.scored[0]));
  });

  it("lists and deletes what is kept", () => {
    const { id } = answers.info;
    const { listings, state, named_sampler, deleted } = answers;
    expect(listings).toMatchObject({ run: id, byPath: id, weights: ["tiny", true, 4], session: true, sessions: true });
    expect(listings.runs).toContain(id);
    expect(listings.checkpoints.toSorted(([a], [b]) => a.localeCompare(b))).toEqual([
      ["sampler_weights/sampler-1", "sampler", named_sampler.path],
      ["weights/step-1", "training", state.path],
    ]);
    expect(listings.mine).toEqual(expect.arrayContaining([state.path, named_sampler.path]));
    expect(deleted).toEqual([state.path]);
  });

  it("downloads an archive", ({ skip }) => {
    const { archive, version } = answers;
    skip(archive === null, `tinker ${version} has no archives`);
    expect(archive?.map((name) => name.split("/").at(-1))).toEqual(
      expect.arrayContaining(["adapter_config.json", "adapter_model.safetensors"]),
    );
  });

  it("downloads weights file by file, also by its command", ({ skip }) => {
    const { exported, version } = answers;
    skip(exported === null, `tinker ${version} has no exports`);
    const { library, command } = exported as Exports;
    expect(Object.keys(library).toSorted()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    expect(library["adapter_model.safetensors"]).toBeGreaterThan(1000);
    expect(command).toEqual(library);
  });

  it("is told what is wrong, in words", () => {
    expect(answers.refusals.loss).toContain("no_such_loss");
    expect(answers.refusals.model).toContain("no/such-model");
    expect(answers.refusals.path).toContain("no");
    expect(answers.likeliest.error).toContain("topk_prompt_logprobs");
  });
});
