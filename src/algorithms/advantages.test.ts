import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { standardDeviation, sum } from "../core/maths.js";
import { centredAdvantages, groupAdvantages, inGroups } from "./advantages.js";
import { type Advantage, type AlgorithmName, algorithmOf, algorithms, type ScoredRollout } from "./algorithm.js";
import { returnsToGo } from "./reinforce-plus-plus.js";
import { leaveOneOutAdvantages } from "./rloo.js";
import { expectClose, goldenCase, goldenCases } from "./test-golden.js";
import { whitened } from "./whitening.js";

/** Rollouts of as many tokens as asked, [T] of each. */
const rollouts = (rewards: readonly number[], lengths: readonly number[] = rewards.map(() => 2)): ScoredRollout[] =>
  rewards.map((reward, i) => ({ reward, length: lengths[i] }));
const advantagesOf = (name: AlgorithmName, groups: ReadonlyArray<readonly ScoredRollout[]>): Advantage[][] =>
  algorithmOf(name).advantages(groups);
const perToken = (advantage: Advantage, length: number): number[] =>
  typeof advantage === "number" ? Array<number>(length).fill(advantage) : [...advantage];
/** Golden rows, which end in padding, cut to their tokens. */
const cut = (rows: readonly number[][], lengths: readonly number[]): number[][] =>
  rows.map((row, i) => row.slice(0, lengths[i]));

describe("advantages in groups", () => {
  for (const { name, input, expected } of goldenCases.filter((item) => item.name.startsWith("advantage/group4/"))) {
    it(`agree with the golden numbers of GRPO, Dr. GRPO and RLOO: ${name}`, () => {
      expectClose(groupAdvantages(input.rewards), expected["grpo_verl_eps1e-6"]);
      expectClose(centredAdvantages(input.rewards), expected.dr_grpo_mean_only);
      expectClose(leaveOneOutAdvantages(input.rewards), expected.rloo);
    });

    it(`differ from other trainers' by their epsilons alone: ${name}`, () => {
      const spread = standardDeviation(input.rewards);
      const withEpsilon = (epsilon: number): number[] =>
        groupAdvantages(input.rewards).map((value) => (value * (spread + 1e-6)) / (spread + epsilon));
      expectClose(withEpsilon(1e-4), expected["grpo_trl_eps1e-4"]);
      expectClose(withEpsilon(1e-9), expected["group_norm_openrlhf_eps1e-9"]);
    });
  }

  it("are those of a prompt's own rollouts, whatever lies between them", () => {
    const { input, expected } = goldenCase("advantage/two_groups_interleaved");
    const of = (values: readonly number[], id: string): number[] => values.filter((_, i) => input.uid[i] === id);
    for (const name of ["grpo", "rloo"] as const) {
      const found = advantagesOf(name, [rollouts(of(input.rewards, "a")), rollouts(of(input.rewards, "b"))]);
      expectClose(found[0] as number[], of(expected[name], "a"));
      expectClose(found[1] as number[], of(expected[name], "b"));
    }
  });

  it("leave a group of one its reward", () => {
    const { input, expected } = goldenCase("advantage/singleton_group");
    expectClose(groupAdvantages(input.rewards), expected.grpo);
    expectClose(leaveOneOutAdvantages(input.rewards), expected.rloo);
  });

  it("are normalised within each task's own groups in a mixed batch", () => {
    const { input, expected } = goldenCase("coderlplus/joint_batch_groups");
    const rewards = input.rewards as number[];
    const found = advantagesOf("grpo", [rollouts(rewards.slice(0, 4)), rollouts(rewards.slice(4))]);
    expectClose(found.flat() as number[], expected.grpo);
  });

  it("see rewards less the KL of all their tokens", () => {
    const group = [
      { reward: 1, length: 2, penalties: [0.25, 0.25] },
      { reward: 0, length: 1, penalties: [-0.5] },
    ];
    expect(inGroups(centredAdvantages)([group])).toEqual([[0, 0]]);
  });

  it("refuse an empty group", () => {
    expect(() => groupAdvantages([])).toThrow("at least one rollout");
  });
});

describe("REINFORCE++", () => {
  for (const name of ["gamma1.0", "gamma0.99"]) {
    it(`agrees with the golden numbers: ${name}`, () => {
      const { input, expected } = goldenCase(`advantage/reinforce_plus_plus/${name}`);
      const lengths = (input.mask as number[][]).map((row) => sum(row));
      const rewards = (input.token_rewards as number[][]).map((row) => sum(row));
      const returns = rollouts(rewards, lengths).map((rollout) => returnsToGo(rollout, input.gamma));
      expectClose(returns.flat(), cut(expected.returns, lengths).flat());
      expectClose(whitened(returns).flat(), cut(expected.advantages, lengths).flat(), 4e-9);
      if (input.gamma !== 1) return;
      const whole = advantagesOf("reinforce-plus-plus", [rollouts(rewards, lengths)]);
      expectClose((whole[0] as number[][]).flat(), cut(expected.advantages, lengths).flat(), 4e-9);
    });
  }

  it("agrees with the golden numbers with KL in the reward, token by token", () => {
    const { input, expected } = goldenCase("advantage/reinforce_plus_plus/kl_in_reward_k1_beta0.01");
    const lengths = (input.mask as number[][]).map((row) => sum(row));
    const group = (input.token_scores as number[][]).map((row, i) => ({
      reward: sum(row),
      length: lengths[i],
      penalties: cut(input.old_log_prob, lengths)[i].map((old, t) => input.beta * (old - input.ref_log_prob[i][t])),
    }));
    expectClose(group.map((rollout) => returnsToGo(rollout)).flat(), cut(expected.returns, lengths).flat());
    const [found] = advantagesOf("reinforce-plus-plus", [group]) as number[][][];
    expectClose(found.flat(), cut(expected.advantages, lengths).flat(), 4e-9);
  });

  it("with a baseline agrees with the golden numbers, and with OpenRLHF's but for its variance", () => {
    const { input, expected } = goldenCase("advantage/reinforce_plus_plus_baseline");
    const all = rollouts(input.rewards, input.lengths);
    const found = advantagesOf("reinforce-plus-plus-baseline", [all.slice(0, 4), all.slice(4)]).flat();
    const tokens = found.map((advantage, i) => perToken(advantage, input.lengths[i]));
    expectClose(centredAdvantages(input.rewards.slice(0, 4)), expected.centered.slice(0, 4));
    expectClose(tokens.flat(), cut(expected.advantages, input.lengths).flat(), 4e-9);

    const other = goldenCase("advantage/reinforce_baseline_openrlhf").expected;
    const count = sum(input.lengths);
    const scaled = tokens.flat().map((value) => value * Math.sqrt(count / (count - 1)));
    expectClose(scaled, cut(other.advantages, input.lengths).flat(), 2e-7);
  });

  it("gives 0 exactly where all rewards of the batch are equal", () => {
    const groups = [rollouts([0.1, 0.1, 0.1], [3, 1, 2]), rollouts([0.1], [7])];
    expect(
      advantagesOf("reinforce-plus-plus", groups)
        .flat(2)
        .every((value) => value === 0),
    ).toBe(true);
  });

  it("brings the tokens of a batch to mean 0 and variance 1", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 6 });
    fc.assert(
      fc.property(lengths, (batch) => {
        const rewards = batch.map((_, i) => i % 2);
        const tokens = advantagesOf("reinforce-plus-plus", [rollouts(rewards, batch)]).flat(2);
        expect(sum(tokens)).toBeCloseTo(0, 6);
        expect(standardDeviation(tokens)).toBeCloseTo(1, 6);
      }),
    );
  });
});

describe.each(Object.keys(algorithms) as AlgorithmName[])("advantages of %s", (name) => {
  const reward = fc.integer({ min: 0, max: 8 });
  const groups = fc.array(
    fc.array(fc.record({ reward, length: fc.integer({ min: 1, max: 5 }) }), { minLength: 2, maxLength: 6 }),
    { minLength: 1, maxLength: 4 },
  );

  it("ignore a shift of all rewards", () => {
    fc.assert(
      fc.property(groups, fc.integer({ min: -50, max: 50 }), (batch, shift) => {
        const moved = batch.map((group) => group.map((rollout) => ({ ...rollout, reward: rollout.reward + shift })));
        expectClose(advantagesOf(name, moved).flat(2), advantagesOf(name, batch).flat(2), 1e-7);
      }),
    );
  });

  it("are permuted with the rollouts", () => {
    fc.assert(
      fc.property(groups, (batch) => {
        const backwards = batch.map((group) => group.toReversed());
        const found = advantagesOf(name, backwards).map((group) => group.toReversed());
        expectClose(found.flat(2), advantagesOf(name, batch).flat(2), 1e-9);
      }),
    );
  });

  it("sum to 0 over what they are compared with", () => {
    fc.assert(
      fc.property(groups, (batch) => {
        const found = advantagesOf(name, batch);
        if (algorithmOf(name).baseline === "group" && name !== "reinforce-plus-plus-baseline") {
          for (const group of found) expect(Math.abs(sum(group as number[]))).toBeLessThan(1e-6);
          return;
        }
        const tokens = batch.flatMap((group, g) => group.flatMap(({ length }, i) => perToken(found[g][i], length)));
        expect(Math.abs(sum(tokens))).toBeLessThan(1e-6);
      }),
    );
  });
});
