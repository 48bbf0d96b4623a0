// What is computed twice or in parts to save memory gives what is computed at once.

import { expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import { UNGUARDED } from "../graph/program.js";
import type { DecoderConfig } from "../model/config.js";
import { livelyWeights } from "../self-test/tiny-model.js";
import { TEST_CONFIG } from "../test-model.js";
import { type BatchLimits, cutBatches, pickBatch, type Sequence } from "../training/batches.js";
import { type TokenLosses, Trainer } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import { layoutOf } from "./layout.js";

const LIMITS: Omit<BatchLimits, "recompute"> = { tokens: 1e6, bytes: 1e9, cost: () => 0 };

interface Ways {
  readonly recompute?: boolean;
  readonly partRows?: number;
}

async function run(
  config: DecoderConfig,
  sequences: readonly Sequence[],
  { recompute = false, ...parts }: Ways,
): Promise<{ tokens: TokenLosses[]; gradient: Float32Array; scores: Float32Array[] }> {
  const layout = layoutOf(config);
  const model = { config, layout, ...parts };
  const weights = loadedWeights(model, livelyWeights(layout, "saving"));
  const trainer = new Trainer(model, UNGUARDED);
  const limits = { ...LIMITS, recompute: recompute ? "always" : "never" } as const;
  const [cut, ...rest] = cutBatches(sequences, [...sequences.keys()], limits);
  expect(rest).toEqual([]);
  const items = sequences.map((sequence) => ({
    ...sequence,
    weights: new Float32Array(sequence.completion.length).fill(1 / sequence.completion.length),
    fields: {},
  }));
  const batch = pickBatch(cut, items);
  const gradient = new Float32Array(layout.length);
  const tokens = await trainer.gradient(weights, batch, { kind: "cross-entropy" }, (offset, piece) => {
    for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
  });
  const scores = await trainer.logprobs(weights, batch);
  return { tokens, gradient, scores: scores.map(({ logprobs }) => logprobs) };
}

function sequencesOf(...lengths: ReadonlyArray<readonly [prompt: number, completion: number]>): Sequence[] {
  const rng = Rng.of("saving");
  const tokens = (length: number): number[] => Array.from({ length }, () => rng.integer(0, 287));
  const prompt = tokens(lengths[0][0]);
  return lengths.map(([length, completion]) => ({ prompt: prompt.slice(0, length), completion: tokens(completion) }));
}

const SHARED = sequencesOf([7, 9], [7, 1], [7, 5]);

function worst(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  const size = Math.max(...a.map(Math.abs));
  return a.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index])), 0) / size;
}

it("layers computed again give the same bits", async () => {
  expect(await run(TEST_CONFIG, SHARED, { recompute: true })).toEqual(await run(TEST_CONFIG, SHARED, {}));
});

it("a vocabulary in parts gives the logprobs, entropies and gradients of the whole one", async () => {
  for (const tied of [true, false]) {
    const config = { ...TEST_CONFIG, tied };
    const whole = await run(config, SHARED, {});
    // The last part is shorter; tokens lie on both sides of every border.
    for (const ways of [{ partRows: 100 }, { partRows: 287 }, { partRows: 31, recompute: true }]) {
      const parts = await run(config, SHARED, ways);
      expect(worst(whole.gradient, parts.gradient)).toBeLessThan(1e-6);
      for (const [index, { losses, logprobs, entropies }] of whole.tokens.entries()) {
        expect(worst(losses, parts.tokens[index].losses)).toBeLessThan(1e-6);
        expect(worst(logprobs, parts.tokens[index].logprobs)).toBeLessThan(1e-6);
        expect(worst(entropies, parts.tokens[index].entropies)).toBeLessThan(1e-6);
        expect(worst(logprobs, parts.scores[index])).toBeLessThan(1e-6);
      }
    }
  }
});

it("a long sequence in blocks of attention gives the same, kept or computed again, as in one piece", async () => {
  const config = { ...TEST_CONFIG, contextLength: 1024 };
  const long = sequencesOf([300, 400]);
  const kept = await run(config, long, {});
  const again = await run(config, long, { recompute: true });
  expect(again).toEqual(kept);
  // With a second completion the first attends to its prompt and itself as two blocks, without causal ones.
  const other = { prompt: long[0].prompt, completion: [5] };
  const shared = await run(config, [...long, other], {});
  const alone = await run(config, [other], {});
  expect(worst(kept.tokens[0].logprobs, shared.tokens[0].logprobs)).toBeLessThan(1e-5);
  const sum = kept.gradient.map((value, index) => value + alone.gradient[index]);
  expect(worst(sum, shared.gradient)).toBeLessThan(1e-5);
});
