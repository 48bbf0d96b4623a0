// The losses alone, with logprobs as their input, against the golden cases.

import { Tensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { type Aggregation, tokenWeights } from "../../../algorithms/aggregation.js";
import type { Objective } from "../../../algorithms/policy-loss.js";
import { expectClose, type Golden, goldenCase } from "../../../algorithms/test-golden.js";
import { sum } from "../../../core/maths.js";
import type { Loss } from "../../engine.js";
import { gradients } from "../graph/autodiff.js";
import { Graph } from "../graph/graph.js";
import { compile, type Feeds, UNGUARDED } from "../graph/program.js";
import { total } from "../operators/reduction.js";
import { type LossField, tokenLosses } from "./losses.js";

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

const POLICY: PolicyLoss = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  clipLow: 0.2,
  clipHigh: 0.28,
  dualClip: 3,
  klCoefficient: 0.1,
};

type Fields = Record<Exclude<LossField, "referenceLogprobs"> | "logprobs" | "weights", number[]> & {
  readonly referenceLogprobs?: number[];
};

/** @param mask  [F][T] which tokens are a sequence's own; all of one where left out */
async function lossOf(
  loss: Loss,
  fields: Fields,
  mask: readonly number[][] = [fields.logprobs.map(() => 1)],
): Promise<{ losses: number[]; gradient: number[] }> {
  const graph = new Graph();
  const logprobs = graph.input("logprobs", ["K"], { tracked: true });
  const sequences = (): { members: ReturnType<Graph["input"]>; shares: ReturnType<Graph["input"]> } => ({
    members: graph.input("members", ["F", "K"]),
    shares: graph.input("shares", ["K"]),
  });
  const weights = graph.input("weights", ["K"]);
  const losses = tokenLosses(graph, { logprobs, weights, field: (name) => graph.input(name, ["K"]), sequences }, loss);
  graph.output(losses, "losses");
  const [gradient] = gradients(graph, total(graph, losses), [logprobs]);
  if (!gradient) throw new Error("no gradient");
  graph.output(gradient, "gradient");
  const program = await compile(graph, UNGUARDED);
  const floats = (values: readonly number[], shape: number[]): Tensor =>
    new Tensor("float32", Float32Array.from(values), shape);
  const feeds: Feeds = {};
  for (const [name, values] of Object.entries(fields)) if (values) feeds[name] = floats(values, [values.length]);
  const width = fields.logprobs.length / mask.length;
  const members = mask.flatMap((row, i) => mask.flatMap((_, j) => (i === j ? row : Array<number>(width).fill(0))));
  feeds.members = floats(members, [mask.length, fields.logprobs.length]);
  const shares = mask.flatMap((row) => row.map((kept) => kept / sum(row)));
  feeds.shares = floats(shares, [shares.length]);
  const outputs = await program.run(feeds);
  return { losses: [...outputs("losses")], gradient: [...outputs("gradient")] };
}

/** The loss and fields of a golden case, its aggregation folded into weights. */
function asked({ input }: Golden, objective: Objective, aggregation: Aggregation): [PolicyLoss, Fields, number[][]] {
  const mask = input.mask as number[][];
  const weights = tokenWeights(aggregation, mask.map(sum), 4);
  const loss: PolicyLoss = {
    kind: "policy",
    objective,
    klEstimator: "k3",
    clipLow: input.clip_low ?? input.clip ?? 1,
    clipHigh: input.clip_high ?? input.clip ?? input.epsilon_high - 1,
    dualClip: input.dual_clip_c ?? null,
    klCoefficient: input.kl_coef ?? 0,
  };
  const fields = {
    logprobs: input.log_prob.flat(),
    weights: mask.flatMap((row, i) => row.map((kept) => kept * weights[i])),
    advantages: input.advantages.flat(),
    oldLogprobs: input.old_log_prob.flat(),
    ...(input.kl_coef ? { referenceLogprobs: input.ref_log_prob.flat() } : {}),
  };
  return [loss, fields, mask];
}

describe("the policy losses as graphs", () => {
  const cases: Array<[name: string, objective: Objective, aggregation: Aggregation]> = [
    ["grpo_token_mean_clip0.2", "token-ratio", "token-mean"],
    ["grpo_original_seq_mean_token_mean", "token-ratio", "seq-mean-token-mean"],
    ["dr_grpo_seq_mean_token_sum_norm", "token-ratio", "seq-mean-token-sum-norm"],
    ["dapo_clip_higher_0.2_0.28", "token-ratio", "token-mean"],
    ["no_dual_clip", "token-ratio", "token-mean"],
    // policy_loss/coderlplus_total: with KL
    ["coderlplus_total", "token-ratio", "token-mean"],
    ["gspo_3e-4_4e-4", "sequence-ratio", "seq-mean-token-mean"],
    ["gspo_0.2_0.2", "sequence-ratio", "seq-mean-token-mean"],
    ["cispo_verl_0.2_0.2", "clipped-weight", "token-mean"],
    ["cispo_trl_epsmax5", "clipped-weight", "token-mean"],
  ];
  for (const [name, objective, aggregation] of cases) {
    it(`agree with the golden case policy_loss/${name}, and so do their gradients`, async () => {
      const golden = goldenCase(`policy_loss/${name}`);
      const { losses, gradient } = await lossOf(...asked(golden, objective, aggregation));
      expect(sum(losses)).toBeCloseTo(golden.expected.loss, 6);
      if (golden.expected.grad_log_prob) expectClose(gradient, golden.expected.grad_log_prob.flat(), 1e-6);
    });
  }

  it("stop the gradient of a ratio that is clamped at 20", async () => {
    const { losses, gradient } = await lossOf(
      { ...POLICY, dualClip: null, klCoefficient: 0 },
      { logprobs: [0, -1], weights: [1, 1], advantages: [-1, 1], oldLogprobs: [-30, -1] },
    );
    expect(losses[0] / Math.exp(20)).toBeCloseTo(1, 5);
    expect(gradient[0]).toBe(0);
    expect(gradient[1]).toBeCloseTo(-1, 6);
  });

  it("clamp the logarithm of a sequence's ratio at 10", async () => {
    const { losses, gradient } = await lossOf(
      { ...POLICY, objective: "sequence-ratio", dualClip: null, klCoefficient: 0 },
      { logprobs: [0, -1], weights: [1, 1], advantages: [-1, -1], oldLogprobs: [-20, -12] },
    );
    expect(losses[0] / Math.exp(10)).toBeCloseTo(1, 5);
    expect(gradient).toEqual([0, 0]);
  });
});

describe("the KL terms as graphs", () => {
  const { input, expected } = goldenCase("kl/estimators");
  const fill = (value: number): number[] => input.log_prob.map(() => value);
  const difference = (input.log_prob as number[]).map((logprob, i) => logprob - input.ref_log_prob[i]);
  it.each([
    ["k1", "k1", difference],
    ["k2", "k2_mse", difference],
    ["k3", "k3_low_var_kl", expected.k3_grad_wrt_log_prob],
  ] as const)(
    "%s is the golden estimate, and its gradient the one that engine.ts states",
    async (klEstimator, key, slope) => {
      const { losses, gradient } = await lossOf(
        { ...POLICY, klEstimator, klCoefficient: 1 },
        {
          logprobs: input.log_prob,
          weights: fill(1),
          advantages: fill(0),
          oldLogprobs: input.log_prob,
          referenceLogprobs: input.ref_log_prob,
        },
      );
      expectClose(losses, expected[key], 5e-5);
      expectClose(gradient, slope, 1e-5);
    },
  );
});
