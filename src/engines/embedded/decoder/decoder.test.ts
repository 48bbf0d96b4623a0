import { afterAll, describe, expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import type { Loss } from "../../engine.js";
import { adaptersOf, LORA_TARGETS, type LoraOptions, type LoraTarget } from "../adapters/layout.js";
import { UNGUARDED } from "../graph/program.js";
import { livelyWeights } from "../self-test/tiny-model.js";
import { removeTestModels, TEST_CONFIG } from "../test-model.js";
import { type BatchLimits, cutBatches, pickBatch } from "../training/batches.js";
import { Trainer, type TrainingSequence } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import type { Model } from "./graphs.js";
import { layoutOf } from "./layout.js";
import { trainedLayout } from "./weight-inputs.js";

afterAll(removeTestModels);

/** One batch of all. */
const WHOLE: BatchLimits = { tokens: 1e6, bytes: 1e9, cost: () => 0, recompute: "auto" };

const POLICY = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: 3,
  klCoefficient: 0.1,
} as const satisfies Loss;

/** Completions of three prompts, the first of a single token. */
function randomSequences(count: number, rng: Rng): TrainingSequence[] {
  const prompts = [7, 1, 4].map((length) => randomTokens(length, rng));
  return Array.from({ length: count }, (_, index) =>
    randomSequence(prompts[index % prompts.length], index === 0 ? 1 : rng.integer(2, 9), rng),
  );
}

/** Two sequences that share no prompt, one of them long enough for two blocks of attention. */
function wholeSequences(rng: Rng): TrainingSequence[] {
  return [randomSequence(randomTokens(2, rng), 125, rng), randomSequence(randomTokens(60, rng), 30, rng)];
}

function randomTokens(length: number, rng: Rng): number[] {
  return Array.from({ length }, () => rng.integer(0, 287));
}

function randomSequence(prompt: readonly number[], length: number, rng: Rng): TrainingSequence {
  const numbers = (of: () => number): Float32Array => Float32Array.from({ length }, of);
  return {
    prompt,
    completion: randomTokens(length, rng),
    weights: numbers(() => rng.uniform()),
    fields: {
      advantages: numbers(() => rng.normal()),
      oldLogprobs: numbers(() => -5 + 2 * rng.normal()),
      referenceLogprobs: numbers(() => -5 + 2 * rng.normal()),
    },
  };
}

describe("the gradient of the whole decoder", () => {
  const losses: Array<[string, Loss, string?]> = [
    ["cross-entropy", { kind: "cross-entropy" }],
    ["the policy loss with KL and dual clip", POLICY],
    [
      "the policy loss of whole sequences",
      { ...POLICY, objective: "sequence-ratio", klEstimator: "k2" },
      "all weights",
    ],
  ];
  const adapted = (targets: readonly LoraTarget[]): LoraOptions => ({ rank: 3, alpha: 2, targets });
  const variants: Array<[string, { tied: boolean; lora?: LoraOptions; shared?: boolean }]> = [
    ["all weights, tied head", { tied: true }],
    ["all weights, untied head", { tied: false }],
    ["all weights, whole sequences in blocks", { tied: true, shared: false }],
    ["adapters of every projection", { tied: true, lora: adapted(LORA_TARGETS) }],
    ["adapters of parts of stacked matrices", { tied: false, lora: adapted(["q_proj", "v_proj", "up_proj"]) }],
  ];
  for (const [name, loss, only = ""] of losses) {
    for (const [trained, { tied, lora, shared = true }] of variants.filter(([trained]) => trained.includes(only))) {
      it(`equals central differences for ${name}, ${trained}`, async () => {
        const config = { ...TEST_CONFIG, tied };
        const layout = layoutOf(config);
        const model: Model = lora ? { config, layout, adapters: adaptersOf(layout, lora) } : { config, layout };
        const base = livelyWeights(layout, "gradient");
        const flat = lora ? livelyWeights(trainedLayout(model), "adapters") : base;
        const weights = loadedWeights(model, base, flat);
        const trainer = new Trainer(model, UNGUARDED);
        const rng = Rng.of("gradient", name);
        const sequences = shared ? randomSequences(5, rng) : wholeSequences(rng);
        const [cut] = cutBatches(sequences, [...sequences.keys()], WHOLE);
        const batch = pickBatch(cut, sequences);
        const gradient = new Float64Array(flat.length);
        const lossAt = async (): Promise<number> => {
          const tokens = await trainer.gradient(weights, batch, loss, () => {});
          return tokens.reduce((sum, { losses }) => sum + losses.reduce((a, b) => a + b, 0), 0);
        };
        await trainer.gradient(weights, batch, loss, (offset, piece) => {
          for (let i = 0; i < piece.length; i++) gradient[offset + i] += piece[i];
        });
        let difference = 0;
        let size = 0;
        for (const tensor of trainedLayout(model).tensors) {
          for (let pick = 0; pick < 6; pick++) {
            const used = tensor.name === "embedding" ? batch.groups[0][0].prompt[0] * config.hiddenSize : 0;
            const at = tensor.offset + (pick < 3 ? used + pick : rng.integer(0, tensor.length - 1));
            const kept = flat[at];
            const step = 2e-3;
            flat[at] = kept + step;
            const above = await lossAt();
            flat[at] = kept - step;
            const below = await lossAt();
            flat[at] = kept;
            const numeric = (above - below) / (2 * step);
            difference += (numeric - gradient[at]) ** 2;
            size += gradient[at] ** 2;
          }
        }
        expect(size).toBeGreaterThan(1);
        expect(Math.sqrt(difference / size)).toBeLessThan(5e-3);
      });
    }
  }
});
