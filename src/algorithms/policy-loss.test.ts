import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sum } from "../core/maths.js";
import { type Aggregation, aggregations, tokenWeights } from "./aggregation.js";
import { importanceWeights } from "./importance.js";
import { k1, k2, k3 } from "./kl.js";
import {
  type CompletionTokens,
  clippedTokens,
  type PolicyObjective,
  sequenceRatio,
  tokenLosses,
} from "./policy-loss.js";
import { expectClose, type Golden, goldenCase } from "./test-golden.js";

const PPO: PolicyObjective = { objective: "token-ratio", clipLow: 0.2, clipHigh: 0.2, dualClip: 3 };

/** The completions of a golden case, without their padding. */
function completions({ input }: Golden): Array<CompletionTokens & { readonly advantages: number[] }> {
  return (input.mask as number[][]).map((row, i) => {
    const tokens = (rows: number[][]): number[] => rows[i].slice(0, sum(row));
    return {
      logprobs: tokens(input.log_prob),
      oldLogprobs: tokens(input.old_log_prob),
      advantages: tokens(input.advantages),
    };
  });
}

function aggregated(rows: readonly CompletionTokens[], terms: PolicyObjective, aggregation: Aggregation): number {
  const lengths = rows.map(({ logprobs }) => logprobs.length);
  const weights = tokenWeights(aggregation, lengths, 4);
  return sum(rows.map((row, i) => weights[i] * sum(tokenLosses(row, terms))));
}

describe("aggregation as token weights", () => {
  for (const name of ["loss_agg/fully_masked_row", "loss_agg/no_masked_row"]) {
    it(`agrees with the golden numbers: ${name}`, () => {
      const { input, expected } = goldenCase(name);
      const lengths = (input.mask as number[][]).map((row) => sum(row));
      const total = (aggregation: Aggregation): number => {
        const weights = tokenWeights(aggregation, lengths, 4);
        return sum((input.loss as number[][]).map((row, i) => (weights[i] ?? 0) * sum(row.slice(0, lengths[i]))));
      };
      for (const aggregation of aggregations) {
        expect(total(aggregation)).toBeCloseTo(expected[aggregation] as number, 9);
      }
      const sequences = lengths.filter((length) => length > 0).length;
      const summed = expected["seq-sum-token-sum-norm(old verl)"] as number;
      expect(total("seq-mean-token-sum-norm") * sequences).toBeCloseTo(summed, 9);
    });
  }

  it("has TRL's loss types under verl's names", () => {
    const { expected } = goldenCase("loss_agg/no_masked_row");
    expect(expected.trl_grpo).toBe(expected["seq-mean-token-mean"]);
    expect(expected.trl_dapo_bnpo_single_process).toBe(expected["token-mean"]);
    expect(expected.trl_dr_grpo).toBe(expected["seq-mean-token-sum-norm"]);
  });

  it("adds up over micro-batches when the counts are those of the whole update", () => {
    const { input, expected } = goldenCase("loss_agg/microbatch_invariance");
    const losses = [6, 4, 2];
    const partsOf = (aggregation: Aggregation): number[] => {
      const weights = tokenWeights(aggregation, [3, 1, 4], 4);
      return (input.micro_batches as number[][]).map((rows) =>
        sum(rows.map((i) => (weights[i] ?? 0) * (losses[i] ?? 0))),
      );
    };
    expectClose(partsOf("token-mean"), expected["token-mean parts"]);
    expectClose(partsOf("seq-mean-token-mean"), expected["seq-mean-token-mean parts"], 2e-8);
    expect(sum(partsOf("seq-mean-token-mean"))).toBeCloseTo(expected["seq-mean-token-mean total"], 9);
  });
});

describe("the policy losses", () => {
  for (const name of [
    "policy_loss/grpo_token_mean_clip0.2",
    "policy_loss/grpo_original_seq_mean_token_mean",
    "policy_loss/dr_grpo_seq_mean_token_sum_norm",
    "policy_loss/no_dual_clip",
    "policy_loss/dapo_clip_higher_0.2_0.28",
  ]) {
    it(`agree with the golden numbers: ${name}`, () => {
      const found = goldenCase(name);
      const { input, expected } = found;
      const { clip_low: clipLow, clip_high: clipHigh, dual_clip_c: dualClip } = input;
      const terms: PolicyObjective = { objective: "token-ratio", clipLow, clipHigh, dualClip };
      const rows = completions(found);
      for (const [i, row] of rows.entries()) {
        expectClose(tokenLosses(row, terms), expected.per_token[i].slice(0, row.logprobs.length));
      }
      expect(aggregated(rows, terms, input.agg)).toBeCloseTo(expected.loss, 7);
      const tokens = sum(rows.map(({ logprobs }) => logprobs.length));
      const clipped = sum(rows.map((row) => clippedTokens(row, terms)));
      expect(clipped / tokens).toBeCloseTo(expected.metrics.clipfrac, 9);
    });
  }

  for (const name of ["policy_loss/gspo_3e-4_4e-4", "policy_loss/gspo_0.2_0.2"]) {
    it(`agree with the golden numbers: ${name}`, () => {
      const found = goldenCase(name);
      const { clip_low: clipLow, clip_high: clipHigh } = found.input;
      const rows = completions(found);
      const terms: PolicyObjective = { objective: "sequence-ratio", clipLow, clipHigh, dualClip: null };
      expectClose(
        rows.map(({ logprobs, oldLogprobs }) => sequenceRatio(logprobs, oldLogprobs)),
        found.expected.seq_ratio,
      );
      expect(aggregated(rows, terms, "seq-mean-token-mean")).toBeCloseTo(found.expected.loss, 7);
      for (const row of rows) expect([0, row.logprobs.length]).toContain(clippedTokens(row, terms));
    });
  }

  it("agree with the golden numbers: policy_loss/cispo_verl_0.2_0.2", () => {
    const found = goldenCase("policy_loss/cispo_verl_0.2_0.2");
    const terms: PolicyObjective = { ...PPO, objective: "clipped-weight", dualClip: null };
    const rows = completions(found);
    expect(aggregated(rows, terms, "token-mean")).toBeCloseTo(found.expected.loss, 9);
    const weights = rows.map((row) =>
      tokenLosses(row, terms).map((loss, t) => -loss / row.advantages[t] / row.logprobs[t]),
    );
    expectClose(
      weights.flat(),
      (found.expected.clipped_ratio as number[][]).flatMap((row, i) => row.slice(0, weights[i].length)),
    );
  });

  it("agree with the golden numbers: policy_loss/cispo_trl_epsmax5, a weight without a floor", () => {
    const found = goldenCase("policy_loss/cispo_trl_epsmax5");
    const clipHigh = found.input.epsilon_high - 1;
    const terms: PolicyObjective = { objective: "clipped-weight", clipLow: 1, clipHigh, dualClip: null };
    expect(aggregated(completions(found), terms, "token-mean")).toBeCloseTo(found.expected.loss, 9);
  });

  it("are -A where the policy has not moved", () => {
    const advantages = fc.array(fc.double({ min: -5, max: 5, noNaN: true }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(advantages, (values) => {
        const same = values.map(() => -1.5);
        for (const objective of ["token-ratio", "sequence-ratio"] as const) {
          const losses = tokenLosses({ logprobs: same, oldLogprobs: same, advantages: values }, { ...PPO, objective });
          expectClose(
            losses,
            values.map((advantage) => -advantage),
            0,
          );
        }
      }),
    );
  });
});

describe("KL estimators", () => {
  it("agree with the golden numbers: kl/estimators", () => {
    const { input, expected } = goldenCase("kl/estimators");
    for (const [name, estimate] of [
      ["k1", k1],
      ["k2_mse", k2],
      ["k3_low_var_kl", k3],
    ] as const) {
      expectClose(
        (input.log_prob as number[]).map((logprob, i) => estimate(logprob, input.ref_log_prob[i])),
        expected[name],
      );
    }
  });

  it("k3 is never negative", () => {
    const logprob = fc.double({ min: -40, max: 0, noNaN: true });
    fc.assert(fc.property(logprob, logprob, (a, b) => k3(a, b) >= 0));
  });
});

describe("truncated importance weights", () => {
  it("agree with the golden numbers: rollout_is/token_and_sequence", () => {
    const { input, expected } = goldenCase("rollout_is/token_and_sequence");
    for (const [i, mask] of (input.mask as number[][]).entries()) {
      const length = sum(mask);
      const [trained, sampled] = [input.train_log_prob, input.rollout_log_prob].map((rows: number[][]) =>
        Float32Array.from(rows[i].slice(0, length)),
      );
      const weights = (level: "token" | "sequence"): number[] =>
        importanceWeights(trained, sampled, { level, cap: input.threshold });
      expectClose(weights("token"), expected.token_weights[i].slice(0, length), 1e-6);
      expectClose(weights("sequence"), Array<number>(length).fill(expected.sequence_weights[i]), 1e-6);
    }
  });
});
