import { readFileSync } from "node:fs";
import { Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import type { Loss } from "../../engine.js";
import { adaptersOf, LORA_TARGETS, type LoraOptions, type LoraTarget } from "../adapters/layout.js";
import { gradients } from "../graph/autodiff.js";
import { Graph } from "../graph/graph.js";
import { compile, type Feeds, UNGUARDED } from "../graph/program.js";
import { total } from "../operators/reduction.js";
import { livelyWeights } from "../self-test/tiny-model.js";
import { removeTestModels, TEST_CONFIG } from "../test-model.js";
import { type BatchLimits, cutBatches, pickBatch } from "../training/batches.js";
import { Trainer, type TrainingSequence } from "../training/trainer.js";
import { loadedWeights } from "../weights.js";
import type { Model } from "./graphs.js";
import { layoutOf } from "./layout.js";
import { type LossField, tokenLosses } from "./losses.js";
import { trainedLayout } from "./weight-inputs.js";

afterAll(removeTestModels);

/** One batch of all. */
const WHOLE: BatchLimits = { tokens: 1e6, bytes: 1e9, cost: () => 0, recompute: "auto" };

const POLICY: Loss = { kind: "policy", clipLow: 0.2, clipHigh: 0.28, dualClip: 3, klCoefficient: 0.1 };

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
  const losses: Array<[string, Loss]> = [
    ["cross-entropy", { kind: "cross-entropy" }],
    ["the policy loss with KL and dual clip", POLICY],
  ];
  const adapted = (targets: readonly LoraTarget[]): LoraOptions => ({ rank: 3, alpha: 2, targets });
  const variants: Array<[string, { tied: boolean; lora?: LoraOptions; shared?: boolean }]> = [
    ["all weights, tied head", { tied: true }],
    ["all weights, untied head", { tied: false }],
    ["all weights, whole sequences in blocks", { tied: true, shared: false }],
    ["adapters of every projection", { tied: true, lora: adapted(LORA_TARGETS) }],
    ["adapters of parts of stacked matrices", { tied: false, lora: adapted(["q_proj", "v_proj", "up_proj"]) }],
  ];
  for (const [name, loss] of losses) {
    for (const [trained, { tied, lora, shared = true }] of variants) {
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

interface GoldenCase {
  readonly name: string;
  readonly input: Record<string, number[][] & number[]> & Record<string, number>;
  readonly expected: { loss?: number; per_token?: number[][]; grad_log_prob?: number[][] } & Record<string, number[]>;
}

/** From shared golden cases: computed in float64 from the formulas of verl. */
const golden = JSON.parse(readFileSync(new URL("./fixtures/losses.json", import.meta.url), "utf8")) as GoldenCase[];

/** The loss sub-graph alone, with logprobs as its input. */
async function lossOf(
  loss: Loss,
  fields: Record<LossField | "logprobs" | "weights", number[]>,
): Promise<{ losses: number[]; gradient: number[] }> {
  const graph = new Graph();
  const logprobs = graph.input("logprobs", ["K"], { tracked: true });
  const losses = tokenLosses(
    graph,
    { logprobs, weights: graph.input("weights", ["K"]), field: (name) => graph.input(name, ["K"]) },
    loss,
  );
  graph.output(losses, "losses");
  const [gradient] = gradients(graph, total(graph, losses), [logprobs]);
  if (!gradient) throw new Error("no gradient");
  graph.output(gradient, "gradient");
  const program = await compile(graph, UNGUARDED);
  const feeds: Feeds = {};
  for (const [name, values] of Object.entries(fields)) {
    feeds[name] = new Tensor("float32", Float32Array.from(values), [values.length]);
  }
  const outputs = await program.run(feeds);
  return { losses: [...outputs("losses")], gradient: [...outputs("gradient")] };
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance = 1e-6): void {
  expect(actual.length).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index] - value), `element ${index}: ${actual[index]} for ${value}`).toBeLessThan(tolerance);
  }
}

describe("the policy loss", () => {
  for (const { name, input, expected } of golden.filter(({ name }) => name.startsWith("policy_loss/"))) {
    it(`agrees with the golden case ${name}`, async () => {
      const mask = input.mask.flat();
      const count = mask.reduce((a, b) => a + b, 0);
      const reference = (input.ref_log_prob ?? input.log_prob).flat();
      const { losses, gradient } = await lossOf(
        {
          kind: "policy",
          clipLow: input.clip_low ?? input.clip,
          clipHigh: input.clip_high ?? input.clip,
          dualClip: input.dual_clip_c,
          klCoefficient: input.kl_coef ?? 0,
        },
        {
          logprobs: input.log_prob.flat(),
          weights: mask.map((kept) => kept / count),
          advantages: input.advantages.flat(),
          oldLogprobs: input.old_log_prob.flat(),
          referenceLogprobs: reference,
        },
      );
      expect(losses.reduce((a, b) => a + b, 0)).toBeCloseTo(expected.loss as number, 6);
      expectClose(gradient, (expected.grad_log_prob as number[][]).flat());
      if (expected.per_token && !input.kl_coef) {
        expectClose(
          losses,
          expected.per_token.flat().map((value, index) => (value * mask[index]) / count),
        );
      }
    });
  }

  it("adds the k3 estimate of the KL, clamped, with its gradient", async () => {
    const { input, expected } = golden.find(({ name }) => name === "kl/estimators") as GoldenCase;
    const fill = (value: number): number[] => input.log_prob.map(() => value);
    const { losses, gradient } = await lossOf(
      { ...POLICY, klCoefficient: 1 },
      {
        logprobs: input.log_prob,
        weights: fill(1),
        advantages: fill(0),
        oldLogprobs: input.log_prob,
        referenceLogprobs: input.ref_log_prob,
      },
    );
    expectClose(losses, expected.k3_low_var_kl);
    expectClose(gradient, expected.k3_grad_wrt_log_prob);
  });

  it("clamps the log-ratio at 20 and stops its gradient there", async () => {
    const { losses, gradient } = await lossOf(
      { ...POLICY, dualClip: null, klCoefficient: 0 },
      { logprobs: [0, -1], weights: [1, 1], advantages: [-1, 1], oldLogprobs: [-30, -1], referenceLogprobs: [0, 0] },
    );
    expect(losses[0] / Math.exp(20)).toBeCloseTo(1, 5);
    expect(gradient[0]).toBe(0);
    expect(gradient[1]).toBeCloseTo(-1, 6);
  });
});
