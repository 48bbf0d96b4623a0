import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sum } from "../core/maths.js";
import { groupAdvantages } from "./advantages.js";
import { type Aggregation, aggregations, tokenWeights } from "./aggregation.js";
import { teaches } from "./dynamic-sampling.js";
import { k1, k2, k3 } from "./kl.js";
import { overlongPenalty } from "./overlong.js";
import { isClipped, ratioOf, tokenLoss } from "./policy-loss.js";

interface Golden {
  readonly name: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape differs with every case
  readonly input: any;
  // oxlint-disable-next-line typescript/no-explicit-any -- the shape differs with every case
  readonly expected: any;
}

const golden = (
  JSON.parse(readFileSync(new URL("./fixtures/algorithms.json", import.meta.url), "utf8")) as { cases: Golden[] }
).cases;
const goldenCase = (name: string): Golden => {
  const found = golden.find((item) => item.name === name);
  if (!found) throw new Error(`no golden case ${name}`);
  return found;
};
const expectClose = (got: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9): void => {
  expect(got.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(got[i] - value)).toBeLessThanOrEqual(tolerance);
};

describe("group advantages", () => {
  for (const { name, input, expected } of golden.filter((item) => item.name.startsWith("advantage/group4/"))) {
    it(`agree with the golden numbers: ${name}`, () => {
      expectClose(groupAdvantages(input.rewards), expected["grpo_verl_eps1e-6"]);
    });
  }

  it("leave a group of one its reward", () => {
    const { input, expected } = goldenCase("advantage/singleton_group");
    expectClose(groupAdvantages(input.rewards), expected.grpo);
  });

  it("are normalised within each task's own groups in a mixed batch", () => {
    const { input, expected } = goldenCase("coderlplus/joint_batch_groups");
    const rewards = input.rewards as number[];
    expectClose([rewards.slice(0, 4), rewards.slice(4)].flatMap(groupAdvantages), expected.grpo);
  });

  const rewards = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 2, maxLength: 16 });

  it("sum to 0", () => {
    fc.assert(fc.property(rewards, (group) => Math.abs(sum(groupAdvantages(group))) < 1e-6));
  });

  it("ignore a shift of all rewards", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 2, maxLength: 16 }),
        fc.integer({ min: -100, max: 100 }),
        (group, shift) => {
          expectClose(groupAdvantages(group.map((reward) => reward + shift)), groupAdvantages(group));
        },
      ),
    );
  });

  it("refuse an empty group", () => {
    expect(() => groupAdvantages([])).toThrow("at least one rollout");
  });
});

describe("aggregation as token weights", () => {
  for (const name of ["loss_agg/fully_masked_row", "loss_agg/no_masked_row"]) {
    it(`agrees with the golden numbers: ${name}`, () => {
      const { input, expected } = goldenCase(name);
      const lengths = (input.mask as number[][]).map((row) => sum(row));
      for (const aggregation of aggregations) {
        const weights = tokenWeights(aggregation, lengths, 4);
        const total = sum(
          (input.loss as number[][]).map((row, i) => (weights[i] ?? 0) * sum(row.slice(0, lengths[i]))),
        );
        expect(total).toBeCloseTo(expected[aggregation] as number, 9);
      }
    });
  }

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

describe("the clipped policy loss", () => {
  for (const name of [
    "policy_loss/grpo_token_mean_clip0.2",
    "policy_loss/no_dual_clip",
    "policy_loss/dapo_clip_higher_0.2_0.28",
  ]) {
    it(`agrees with the golden numbers: ${name}`, () => {
      const { input, expected } = goldenCase(name);
      const clipping = { clipLow: input.clip_low, clipHigh: input.clip_high, dualClip: input.dual_clip_c };
      const lengths = (input.mask as number[][]).map((row) => sum(row));
      let clipped = 0;
      let total = 0;
      for (const [i, row] of (input.log_prob as number[][]).entries()) {
        for (const [t, logprob] of row.entries()) {
          const ratio = ratioOf(logprob, input.old_log_prob[i][t]);
          const loss = tokenLoss(ratio, input.advantages[i][t], clipping);
          expect(loss).toBeCloseTo(expected.per_token[i][t], 9);
          if (t >= lengths[i]) continue;
          total += loss / sum(lengths);
          clipped += isClipped(ratio, input.advantages[i][t], clipping) ? 1 : 0;
        }
      }
      expect(total).toBeCloseTo(expected.loss, 9);
      expect(clipped / sum(lengths)).toBeCloseTo(expected.metrics.clipfrac, 9);
    });
  }

  it("is -A where the policy has not moved", () => {
    const clipping = { clipLow: 0.2, clipHigh: 0.2, dualClip: 3 };
    fc.assert(
      fc.property(
        fc.double({ min: -5, max: 5, noNaN: true }),
        (advantage) => tokenLoss(1, advantage, clipping) === -advantage,
      ),
    );
  });
});

describe("KL estimators", () => {
  it("agree with the golden numbers", () => {
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

describe("dynamic sampling", () => {
  for (const { name, input, expected } of golden.filter((item) => item.name.startsWith("advantage/group4/"))) {
    it(`keeps a group whose rewards differ: ${name}`, () => {
      expect(teaches(input.rewards)).toBe(expected.dapo_filter_keep);
    });
  }

  it("keeps what the golden rounds keep, and a group of one", () => {
    const { input, expected } = goldenCase("dapo/dynamic_sampling");
    const rounds = input.rounds as Array<Record<string, number[]>>;
    const kept = rounds.map((round) => Object.keys(round).filter((key) => teaches(round[key])));
    expect(kept[0]).toEqual(expected.kept_after_round[0]);
    expect(kept.flat()).toEqual(expected.kept_after_round[1]);
    expect(teaches([0])).toBe(true);
  });
});

describe("overlong shaping", () => {
  it("agrees with the golden numbers, OpenRLHF's up to the longest length", () => {
    const { input, expected } = goldenCase("dapo/overlong");
    const options = {
      maximumTokens: input.max_resp_len,
      bufferTokens: input.overlong_buffer_len,
      factor: input.penalty_factor,
    };
    const lengths = input.lengths as number[];
    const penalties = lengths.map((length) => overlongPenalty(length, options));
    expectClose(penalties, expected.verl_penalty);
    const allowed = lengths.filter((length) => length <= options.maximumTokens).length;
    expectClose(penalties.slice(0, allowed), expected.openrlhf_penalty.slice(0, allowed));
  });
});
