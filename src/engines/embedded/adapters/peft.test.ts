import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it, test } from "vitest";
import type { Model } from "../decoder/graphs.js";
import { type Layout, layoutOf, partsOf } from "../decoder/layout.js";
import { UNGUARDED } from "../graph/program.js";
import { readWeights } from "../model/checkpoint.js";
import { readConfig } from "../model/config.js";
import { indexFile, readTensor } from "../model/safetensors.js";
import { isPythonWithout, python } from "../test-python.js";
import { cutBatches, pickBatch } from "../training/batches.js";
import { Trainer } from "../training/trainer.js";
import { type LoadedWeights, loadedWeights } from "../weights.js";
import { exportModel } from "./export.js";
import { adaptersOf, type LoraOptions } from "./layout.js";
import { readAdapters, writeAdapters } from "./peft.js";

const FIXTURES = join(import.meta.dirname, "fixtures");
const BASE = join(FIXTURES, "base");
const GENERATOR = join(FIXTURES, "make_adapters.py");
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-peft-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** As in the generator. */
const PROMPT = [3, 17, 40, 9, 22];
const COMPLETION = [5, 31, 5, 46];

function load(folder: string): { layout: Layout; base: Float32Array; model: Model } {
  const config = readConfig(folder);
  const layout = layoutOf(config);
  const base = new Float32Array(layout.length);
  readWeights(folder, layout, base);
  return { layout, base, model: { config, layout } };
}

function adapted(folder: string): { model: Model; flat: Float32Array; weights: LoadedWeights } {
  const { layout, base, model } = load(BASE);
  const { adapters, flat } = readAdapters(folder, layout);
  const together = { ...model, adapters };
  return { model: together, flat, weights: loadedWeights(together, base, flat) };
}

/** Of the whole vocabulary after the prompt, [V]: each token is a completion of its own. */
async function nextLogprobs(model: Model, weights: LoadedWeights): Promise<number[]> {
  const sequences = Array.from({ length: model.config.vocabularySize }, (_, token) => ({
    prompt: PROMPT,
    completion: [token],
  }));
  const [batch] = cutBatches(sequences, [...sequences.keys()], {
    tokens: 1e6,
    bytes: 1e9,
    cost: () => 0,
    recompute: "auto",
  });
  const scores = await new Trainer(model, UNGUARDED).logprobs(weights, pickBatch(batch, sequences));
  const result: number[] = [];
  for (const [at, index] of batch.groups.flat().entries()) result[index] = scores[at].logprobs[0];
  return result;
}

function stored(path: string, name: string, shape: readonly number[]): Float32Array {
  const target = new Float32Array(shape.reduce((product, size) => product * size, 1));
  readTensor(indexFile(path), name, shape, target);
  return target;
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Math.max(...Array.from(a, (value, at) => Math.abs(value - b[at])));
}

describe.each(["all-linear", "some"])("adapters of %s, as PEFT computes them", (name) => {
  const folder = join(FIXTURES, name);
  const golden = join(folder, "golden.safetensors");

  it("give the same logprobs, to 1e-4, and others than the base", async () => {
    const { model, weights } = adapted(folder);
    const actual = await nextLogprobs(model, weights);
    expect(largestDifference(actual, stored(golden, "logprobs", [48]))).toBeLessThan(1e-4);
    const { base, model: plain } = load(BASE);
    expect(largestDifference(await nextLogprobs(plain, loadedWeights(plain, base)), actual)).toBeGreaterThan(0.1);
  });

  it("have the same gradient of A and B, to 1e-3 of its size", async () => {
    const { model, weights, flat } = adapted(folder);
    const sequence = {
      prompt: PROMPT,
      completion: COMPLETION,
      weights: new Float32Array(COMPLETION.length).fill(1),
      fields: {},
    };
    const gradient = new Float32Array(flat.length);
    const batch = { groups: [[sequence]], promptLength: 8, ownLength: 8, recompute: false };
    await new Trainer(model, UNGUARDED).gradient(weights, batch, { kind: "cross-entropy" }, (offset, piece) => {
      gradient.set(piece, offset);
    });
    for (const { name: tensor, shape, offset } of partsOf(model.adapters?.layout as Layout)) {
      const expected = stored(golden, `gradient of ${tensor}`, shape);
      const difference = expected.map((value, at) => gradient[offset + at] - value);
      expect(Math.hypot(...expected), tensor).toBeGreaterThan(1e-3);
      expect(Math.hypot(...difference) / Math.hypot(...expected), tensor).toBeLessThan(1e-3);
    }
  });

  it("are the same model merged as unmerged, to 1e-5", async () => {
    const merged = join(scratch, `merged ${name}`);
    exportModel(merged, { model: BASE, adapter: folder }, "F32");
    const { base, model: plain } = load(merged);
    const { model, weights } = adapted(folder);
    const unmerged = await nextLogprobs(model, weights);
    expect(largestDifference(await nextLogprobs(plain, loadedWeights(plain, base)), unmerged)).toBeLessThan(1e-5);
  });
});

describe("an adapter folder", () => {
  it("is refused by name where it asks for what the engine does not compute", () => {
    const { layout } = load(BASE);
    const folder = join(scratch, "refused");
    const { adapters, flat } = readAdapters(join(FIXTURES, "some"), layout);
    writeAdapters(folder, adapters, flat, "base");
    const path = join(folder, "adapter_config.json");
    const config = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
    const reading = (change: Record<string, unknown>) => () => {
      writeFileSync(path, JSON.stringify({ ...config, ...change }));
      return readAdapters(folder, layout);
    };
    expect(reading({ use_rslora: true })).toThrow(
      "adapter_config.json: use_rslora: not supported; leave it out; found true",
    );
    expect(reading({ rank_pattern: { q_proj: 2 } })).toThrow("rank_pattern");
    expect(reading({ peft_type: "LOHA" })).toThrow("peft_type");
    expect(reading({ r: 4 })).toThrow(/lora_A.weight": expected shape \[4, 16\], found \[2, 16\]/);
    expect(reading({ rank_pattern: {}, alpha_pattern: null, use_dora: false })).not.toThrow();
    const head = partsOf(layout).map(({ name, ...part }) => ({
      ...part,
      name: name.replace("embed_tokens", "q_proj"),
    }));
    const wider = { ...layout, tensors: [{ ...layout.tensors[0], parts: head.slice(0, 1) }] };
    const strange = adaptersOf(wider, { rank: 2, alpha: 8, targets: ["q_proj"] });
    writeAdapters(folder, strange, new Float32Array(strange.layout.length), "base");
    expect(reading({})).toThrow(/tensor "base_model.model.model.q_proj.lora_A.weight": expected lora_A and lora_B of/);
    expect(() => readAdapters(join(scratch, "nowhere"), layout)).toThrow("adapter_config.json: no such file");
  });
});

const absent = isPythonWithout(["torch", "transformers", "peft"], "PEFT does not read what we write");

test.skipIf(absent)(
  "PEFT loads what we write, and transformers what we merge, with the same logprobs",
  async () => {
    const { layout, base, model } = load(BASE);
    const options: LoraOptions = { rank: 3, alpha: 5, targets: ["k_proj", "o_proj", "gate_proj"] };
    const adapters = adaptersOf(layout, options);
    const flat = Float32Array.from({ length: adapters.layout.length }, (_, at) => Math.sin(at * at) / 2);
    const [folder, merged] = ["adapter", "merged"].map((name) => join(scratch, name));
    writeAdapters(folder, adapters, flat, BASE);
    exportModel(merged, { model: BASE, adapter: folder }, "F32");
    const together = { ...model, adapters };
    const expected = await nextLogprobs(together, loadedWeights(together, base, flat));
    for (const [of, adapter] of [
      [BASE, folder],
      [merged, "none"],
    ]) {
      const out = join(scratch, "out.safetensors");
      const { status, stderr } = spawnSync(python, [GENERATOR, "--logprobs", of, adapter, out], { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      expect(largestDifference(stored(out, "logprobs", [48]), expected)).toBeLessThan(1e-4);
    }
  },
  300_000,
);
