import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { standardDeviation } from "../../../core/maths.js";
import { layoutOf } from "../decoder/layout.js";
import { FAMILY_NAMES, traitsOf } from "../families/families.js";
import { TEST_CONFIG, testTokenizerJson } from "../test-model.js";
import { type DecoderConfig, readConfig } from "./config.js";
import { createModel, randomWeights } from "./create-model.js";
import type { RopeScaling } from "./rope.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-create-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a new model", () => {
  it("starts with the documented spread of weights, the same for the same seed", () => {
    const layout = layoutOf({ ...TEST_CONFIG, tied: false });
    const weights = randomWeights(layout, 3);
    const spread = (name: string): number => {
      const { offset, length } = layout.tensors.find((tensor) => tensor.name === name) ?? { offset: 0, length: 0 };
      return standardDeviation([...weights.subarray(offset, offset + length)]);
    };
    expect(spread("embedding")).toBeCloseTo(0.02, 2);
    expect(spread("head")).toBeCloseTo(0.02, 2);
    expect(spread("0.attention") * Math.sqrt(32)).toBeCloseTo(0.8, 1);
    expect(spread("1.attentionOutput") * Math.sqrt(32)).toBeCloseTo(0.4, 1);
    expect(spread("1.down") * Math.sqrt(48)).toBeCloseTo(0.4, 1);
    expect(spread("norm")).toBe(0);
    expect(randomWeights(layout, 3)).toEqual(weights);
    expect(randomWeights(layout, 4)).not.toEqual(weights);
  });

  const scalings: RopeScaling[] = [
    { kind: "none" },
    { kind: "linear", factor: 4 },
    { kind: "llama3", factor: 8, low: 1, high: 4, originalContextLength: 64 },
    {
      kind: "yarn",
      factor: 4,
      originalContextLength: 32,
      betaFast: 30,
      betaSlow: 2,
      truncate: false,
      attentionFactor: 1.2,
    },
  ];
  const configs = FAMILY_NAMES.flatMap((family) => scalings.map((scaling) => ({ family, scaling })));
  it.each(configs)("of family $family with $scaling.kind scaling has a config that reads back as it was", (of) => {
    const config = { ...TEST_CONFIG, ...traitsOf(of.family), headSize: 16, rope: { theta: 5e5, scaling: of.scaling } };
    createModel(folder, config, testTokenizerJson(), 1, { endToken: "<|im_end|>" });
    expect(readConfig(folder)).toEqual(config);
  });

  it("cannot have what its family has no word for", () => {
    const create = (config: DecoderConfig): void =>
      createModel(folder, config, testTokenizerJson(), 1, { endToken: "<|im_end|>" });
    expect(() => create({ ...TEST_CONFIG, queryKeyNorm: true })).toThrow(
      'a qwen2 model cannot have "queryKeyNorm" true: it reads back as false',
    );
    expect(() => create({ ...TEST_CONFIG, ...traitsOf("llama"), outputBias: true })).toThrow('"outputBias"');
  });

  it("needs an end token that the tokenizer has, and room for all ids", () => {
    const create = (config: typeof TEST_CONFIG, endToken: string): void =>
      createModel(folder, config, testTokenizerJson(), 1, { endToken });
    expect(() => create(TEST_CONFIG, "<eos>")).toThrow('the tokenizer has no token "<eos>"');
    expect(() => create({ ...TEST_CONFIG, vocabularySize: 100 }, "<|im_end|>")).toThrow("a vocabulary of 100");
  });
});
