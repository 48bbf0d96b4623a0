import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, it, test } from "vitest";
import { attendPrompts, causalMask, stackedLengths } from "../decoder/attention.js";
import { decoderHead, decoderLayers } from "../decoder/decoder.js";
import type { Model } from "../decoder/graphs.js";
import { layoutOf } from "../decoder/layout.js";
import { weightInputs } from "../decoder/weight-inputs.js";
import { openEmbedded } from "../embedded.js";
import { Graph } from "../graph/graph.js";
import { compile, UNGUARDED } from "../graph/program.js";
import { readCompanions, readWeights, writeCompanions, writeWeights } from "../model/checkpoint.js";
import { readConfig } from "../model/config.js";
import type { StoredType } from "../model/number-formats.js";
import { indexFile, readTensor } from "../model/safetensors.js";
import { createTestModel, removeTestModels } from "../test-model.js";
import { isPythonWithout, python } from "../test-python.js";
import { cutBatches, pickBatch } from "../training/batches.js";
import { Trainer } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";

const FIXTURES = join(import.meta.dirname, "fixtures");
const GENERATOR = join(FIXTURES, "make_families.py");
const CASES = readdirSync(FIXTURES, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? entry.name : [],
);
const scratch = mkdtempSync(join(tmpdir(), "coderlplus-families-"));
afterAll(() => {
  removeTestModels();
  rmSync(scratch, { recursive: true, force: true });
});

interface Sequence {
  readonly prompt: number[];
  readonly completion: number[];
  readonly weights: number[];
}

interface LoadedModel extends Model {
  readonly weights: Float32Array;
  readonly sequences: readonly Sequence[];
}

function load(folder: string): LoadedModel {
  const config = readConfig(folder);
  const layout = layoutOf(config);
  const weights = new Float32Array(layout.length);
  readWeights(folder, layout, weights);
  const sequences = JSON.parse(readFileSync(join(folder, "tokens.json"), "utf8")) as Sequence[];
  return { config, layout, weights, sequences };
}

/** A tensor of a file that the generator wrote. */
function golden(folder: string, file: string, tensor: string, shape: readonly number[]): Float32Array {
  const target = new Float32Array(shape.reduce((product, size) => product * size, 1));
  readTensor(indexFile(join(folder, file)), tensor, shape, target);
  return target;
}

/** What predicts each token of the completion, [T, V]; the sequence is one prompt to the decoder. */
async function logitsOf({ config, layout, weights }: LoadedModel, sequence: Sequence): Promise<Float32Array> {
  const { hiddenSize, heads, keyValueHeads, vocabularySize } = config;
  const graph = new Graph();
  const declare = weightInputs(graph, { config, layout });
  const embedded = graph.input("embedded", ["PS", hiddenSize]);
  const position = graph.input("position", ["PS", 1], { type: "int64" });
  const attend = attendPrompts(graph, config, { promptCausal: graph.input("promptCausal", ["GS", "S"]) });
  const stream = decoderLayers(graph, config, declare, embedded, position, attend);
  graph.output(decoderHead(graph, config, declare, stream), "logits");
  const program = await compile(graph, UNGUARDED);
  const tokens = [...sequence.prompt, ...sequence.completion];
  const count = tokens.length;
  const rows = tokens.flatMap((token) => [...weights.subarray(token * hiddenSize, (token + 1) * hiddenSize)]);
  const outputs = await program.run(
    {
      ...loadedWeights({ config, layout }, weights).feeds,
      embedded: new Tensor("float32", Float32Array.from(rows), [count, hiddenSize]),
      position: new Tensor(
        "int64",
        BigInt64Array.from(tokens, (_, at) => BigInt(at)),
        [count, 1],
      ),
      promptCausal: new Tensor("float32", causalMask(config, count), [(heads / keyValueHeads) * count, count]),
    },
    { ...stackedLengths(config, { prompts: 1, promptLength: count, seats: 1, ownLength: 1 }), P: 1 },
  );
  const first = sequence.prompt.length - 1;
  return outputs("logits").subarray(first * vocabularySize, (count - 1) * vocabularySize);
}

/** The gradient of the weighted cross-entropy over all sequences, and their logprobs. */
async function gradientOf({ config, layout, weights, sequences }: LoadedModel): Promise<{
  gradient: Float32Array;
  logprobs: Float32Array[];
}> {
  const trainer = new Trainer({ config, layout }, UNGUARDED);
  const items = sequences.map(({ prompt, completion, weights: of }) => ({
    prompt,
    completion,
    weights: Float32Array.from(of),
    fields: {},
  }));
  const gradient = new Float32Array(layout.length);
  const logprobs: Float32Array[] = [];
  for (const cut of cutBatches(items, [...items.keys()], {
    tokens: 4096,
    bytes: 1e9,
    cost: () => 0,
    recompute: "auto",
  })) {
    const batch = pickBatch(cut, items);
    const add = (offset: number, piece: Float32Array): void => {
      for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
    };
    const scores = await trainer.gradient(
      loadedWeights({ config, layout }, weights),
      batch,
      { kind: "cross-entropy" },
      add,
    );
    for (const [row, index] of cut.groups.flat().entries()) logprobs[index] = scores[row].logprobs;
  }
  return { gradient, logprobs };
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

function norm(values: ArrayLike<number>): number {
  return Math.hypot(...Array.from(values));
}

describe.each(CASES)("%s, as transformers computes it", (name) => {
  const model = load(join(FIXTURES, name));
  const expectedOf = (tensor: string, shape: readonly number[]): Float32Array =>
    golden(join(FIXTURES, name), "golden.safetensors", tensor, shape);

  it("has the same logits and logprobs, to 1e-4", async () => {
    const { logprobs } = await gradientOf(model);
    for (const [at, sequence] of model.sequences.entries()) {
      const count = sequence.completion.length;
      const logits = expectedOf(`logits ${at}`, [count, model.config.vocabularySize]);
      expect(norm(logits)).toBeGreaterThan(10);
      expect(largestDifference(await logitsOf(model, sequence), logits)).toBeLessThan(1e-4);
      expect(largestDifference(logprobs[at], expectedOf(`logprobs ${at}`, [count]))).toBeLessThan(1e-4);
    }
  });

  it("has the same gradient of every tensor, to 1e-3 of its size", async () => {
    const { gradient } = await gradientOf(model);
    for (const { name: tensor, shape, offset, length } of model.layout.tensors.flatMap(({ parts }) => parts)) {
      const expected = expectedOf(`gradient of ${tensor}`, shape);
      const difference = expected.map((value, at) => gradient[offset + at] - value);
      expect(norm(expected), tensor).toBeGreaterThan(0);
      expect(norm(difference) / norm(expected), tensor).toBeLessThan(1e-3);
      expect(expected.length).toBe(length);
    }
  });

  it("is sampled with the logprobs of training, to 1e-5, and alone as among others", async () => {
    const { folder } = createTestModel({ ...model.config, vocabularySize: 288 });
    const engine = await openEmbedded({ model: folder, threads: 1 });
    try {
      const length = Math.min(1100, model.config.contextLength - 20);
      const prompt = Array.from({ length }, (_, at) => 2 + ((at * at) % 280));
      const asked = { prompt, count: 2, maxTokens: 12, temperature: 1, seeds: ["a", "b"] };
      const [samples] = await engine.sample([asked, { ...asked, prompt: prompt.toReversed() }]);
      expect(await engine.sample([{ ...asked, count: 1, seeds: ["b"] }])).toEqual([[samples[1]]]);
      const scores = await engine.logprobs(samples.map(({ tokens }) => ({ prompt, completion: tokens })));
      for (const [at, { logprobs }] of samples.entries()) {
        expect(largestDifference(logprobs, scores[at])).toBeLessThan(1e-5);
      }
    } finally {
      await engine.close();
    }
  });
});

const absent = isPythonWithout(["torch", "transformers", "safetensors"], "transformers does not read what we write");

/** @param limitBytes  of one file */
function rewrite(name: string, type: StoredType, limitBytes?: number): string {
  const source = join(FIXTURES, name);
  const folder = join(scratch, `${name} ${type} ${limitBytes ?? "whole"}`);
  const { layout, weights } = load(source);
  writeCompanions(folder, readCompanions(source), type);
  writeWeights(folder, layout, weights, type, limitBytes);
  copyFileSync(join(source, "tokens.json"), join(folder, "tokens.json"));
  return folder;
}

/** A new model of the same shape, described by us alone. */
function create(name: string): string {
  const { folder } = createTestModel({ ...readConfig(join(FIXTURES, name)), vocabularySize: 288 });
  copyFileSync(join(FIXTURES, name, "tokens.json"), join(folder, "tokens.json"));
  return folder;
}

test.skipIf(absent)("transformers reads what we write and has our logits, to 1e-4", async () => {
  const folders = CASES.flatMap((name) => [
    ...(["F32", "BF16", "F16"] as const).map((type) => rewrite(name, type)),
    rewrite(name, "BF16", 5000),
    create(name),
  ]);
  expect(folders.some((folder) => readdirSync(folder).includes("model.safetensors.index.json"))).toBe(true);
  const { status, stderr } = spawnSync(python, [GENERATOR, "--logits", ...folders], { encoding: "utf8" });
  expect(status, stderr).toBe(0);
  for (const folder of folders) {
    const model = load(folder);
    for (const [at, sequence] of model.sequences.entries()) {
      const shape = [sequence.completion.length, model.config.vocabularySize];
      const theirs = golden(folder, "logits.safetensors", `logits ${at}`, shape);
      expect(largestDifference(await logitsOf(model, sequence), theirs), folder).toBeLessThan(1e-4);
    }
  }
});

test.skipIf(!absent)("transformers is not installed: nothing reads what we write", () => {});
