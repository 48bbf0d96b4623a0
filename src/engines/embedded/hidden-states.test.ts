import { afterAll, afterEach, expect, it } from "vitest";
import { type EmbeddedEngine, openEmbedded } from "./embedded.js";
import { createTestModel, removeTestModels, TEST_CONFIG } from "./test-model.js";

let engine: EmbeddedEngine;
afterEach(() => engine.close());
afterAll(removeTestModels);

const TOKENS = [5, 40, 263, 17, 99, 3, 280];
const { layers: LAYERS, hiddenSize: SIZE, vocabularySize: VOCABULARY } = TEST_CONFIG;

it("the last layer, times the head, gives the logprobs that the engine reports", async () => {
  const { folder, layout, weights } = createTestModel();
  engine = await openEmbedded({ model: folder, threads: 1 });
  const positions = [...TOKENS.keys()].slice(0, -1);
  const [[last]] = await engine.hiddenStates([{ tokens: TOKENS, positions }], [LAYERS]);
  const [logprobs] = await engine.logprobs([{ prompt: TOKENS.slice(0, 1), completion: TOKENS.slice(1) }]);
  const head = weights.subarray(layout.tensors[0].offset);
  for (const at of positions) {
    const logits = Array.from({ length: VOCABULARY }, (_, token) => {
      let sum = 0;
      for (let i = 0; i < SIZE; i++) sum += last[at * SIZE + i] * head[token * SIZE + i];
      return sum;
    });
    const log = Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0));
    expect(logits[TOKENS[at + 1]] - log).toBeCloseTo(logprobs[at], 4);
  }
});

it("layer 0 is the embedding; a position's state depends on what stands before it only, from layer 1 on", async () => {
  const { folder, weights } = createTestModel();
  engine = await openEmbedded({ model: folder, threads: 2, microBatchTokens: 16 });
  const changedLater = TOKENS.with(4, 7);
  const changedBefore = TOKENS.with(1, 7);
  const long = Array.from({ length: 40 }, (_, index) => TOKENS[index % TOKENS.length]);
  const states = await engine.hiddenStates(
    [TOKENS, changedLater, changedBefore, long].map((tokens) => ({ tokens, positions: [3, 0] })),
    [2, 0, 1],
  );
  const [plain, later, before, longer] = states;
  expect(plain.map(({ length }) => length)).toEqual([2 * SIZE, 2 * SIZE, 2 * SIZE]);
  expect(plain[1]).toEqual(
    Float32Array.from([...weights.subarray(17 * SIZE, 18 * SIZE), ...weights.subarray(5 * SIZE, 6 * SIZE)]),
  );
  expect(later).toEqual(plain);
  for (const index of [0, 2]) {
    expect(before[index].subarray(0, SIZE)).not.toEqual(plain[index].subarray(0, SIZE));
    expect(before[index].subarray(SIZE)).toEqual(plain[index].subarray(SIZE));
    for (const [at, value] of longer[index].entries()) expect(value).toBeCloseTo(plain[index][at], 4);
  }
});

it("says which layer or position there is not", async () => {
  engine = await openEmbedded({ model: createTestModel().folder, threads: 1 });
  const ask = (positions: number[], layers: number[]): Promise<unknown> =>
    engine.hiddenStates([{ tokens: TOKENS, positions }], layers);
  await expect(ask([0], [LAYERS + 1])).rejects.toThrow(`layer 3: the model has layers 0 to 2`);
  await expect(ask([7], [1])).rejects.toThrow("sequence 0: position 7 is not among its 7 tokens");
});
