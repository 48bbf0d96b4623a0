import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { layoutOf } from "../decoder/layout.js";
import { livelyWeights } from "../self-test/tiny-model.js";
import { TEST_CONFIG } from "../test-model.js";
import { readWeights, writeWeights } from "./checkpoint.js";
import { type TensorToWrite, writeSafetensors } from "./safetensors.js";

const scratch = mkdtempSync(join(tmpdir(), "coderlplus-checkpoint-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const layout = layoutOf(TEST_CONFIG);
const weights = livelyWeights(layout, "checkpoint");
const tensors = layout.tensors
  .flatMap(({ parts }) => parts)
  .map(({ name, shape, offset, length }) => ({ name, shape, data: weights.subarray(offset, offset + length) }));

function read(folder: string): Float32Array {
  const target = new Float32Array(layout.length);
  readWeights(folder, layout, target);
  return target;
}

/** Reads a model file with more tensors than the model has. */
function readWith(...extra: TensorToWrite[]): Float32Array {
  writeSafetensors(join(scratch, "model.safetensors"), [...tensors, ...extra]);
  return read(scratch);
}

describe("weights in files", () => {
  it("come back to the bit from one file and from shards, whichever was written last", () => {
    const folder = mkdtempSync(join(scratch, "shards-"));
    writeWeights(folder, layout, weights, "F32", 20_000);
    const shards = readdirSync(folder).filter((name) => name.endsWith(".safetensors"));
    expect(shards.length).toBeGreaterThan(3);
    expect(shards[0]).toBe(`model-00001-of-0000${shards.length}.safetensors`);
    expect(read(folder)).toEqual(weights);
    writeWeights(
      folder,
      layout,
      weights.map((weight) => 2 * weight),
      "F32",
    );
    expect(read(folder)).toEqual(weights.map((weight) => 2 * weight));
    writeWeights(folder, layout, weights, "F32", 20_000);
    expect(read(folder)).toEqual(weights);
  });

  it("name the shard that is missing, and the tensor that no shard has", () => {
    const folder = mkdtempSync(join(scratch, "broken-"));
    writeWeights(folder, layout, weights, "F32", 20_000);
    const path = join(folder, "model.safetensors.index.json");
    const index = JSON.parse(readFileSync(path, "utf8")) as { weight_map: Record<string, string> };
    const { "model.norm.weight": lost, ...rest } = index.weight_map;
    writeFileSync(path, JSON.stringify({ weight_map: { ...rest, "model.norm.weight": "other.safetensors" } }));
    expect(() => read(folder)).toThrow("other.safetensors: no such file");
    writeFileSync(path, JSON.stringify({ weight_map: { "model.embed_tokens.weight": lost } }));
    expect(() => read(folder)).toThrow(/broken-.*: tensor "model\..*" is missing/);
    writeFileSync(path, JSON.stringify({ weight_map: [1] }));
    expect(() => read(folder)).toThrow("weight_map: expected tensor names");
  });

  it("may have beside them what is computed here and the tied head once more", () => {
    const inverse = { name: "model.layers.0.self_attn.rotary_emb.inv_freq", shape: [4], data: new Float32Array(4) };
    const [{ shape, data }] = tensors;
    expect(readWith(inverse, { name: "lm_head.weight", shape, data })).toEqual(weights);
  });

  it("are refused with a tensor that the engine would leave out", () => {
    const name = "model.layers.0.self_attn.o_proj.bias";
    expect(() => readWith({ name, shape: [32], data: new Float32Array(32) })).toThrow(
      `model.safetensors: tensor "${name}" has no place in the model that config.json describes`,
    );
  });

  it("are refused where a head that is not the embedding is called tied", () => {
    const [{ shape, data }] = tensors;
    expect(() => readWith({ name: "lm_head.weight", shape, data: data.map((weight) => -weight) })).toThrow(
      'tensor "lm_head.weight" differs from "model.embed_tokens.weight"',
    );
  });

  it("name the tensor that a type cannot hold, or that they cannot be read from", () => {
    const large = weights.slice();
    const { name, offset } = layout.tensors[3].parts[0];
    large[offset] = 70_000;
    expect(() => writeWeights(scratch, layout, large, "F16")).toThrow(
      `model.safetensors: tensor "${name}": 70000 is beyond the largest number of F16; store it as F32`,
    );
  });
});
