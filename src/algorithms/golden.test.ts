// Which test reads which golden case, so that none is forgotten.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mean } from "../core/maths.js";
import { goldenCase, goldenCases } from "./test-golden.js";

const ADVANTAGES = "advantages.test.ts";
const LOSSES = "policy-loss.test.ts";

/** By the name of the case, or how it begins, as the test has it. */
const READ_IN: Readonly<Record<string, string>> = {
  "advantage/group4/": ADVANTAGES,
  "advantage/two_groups_interleaved": ADVANTAGES,
  "advantage/singleton_group": ADVANTAGES,
  "coderlplus/joint_batch_groups": ADVANTAGES,
  "advantage/reinforce_plus_plus/": ADVANTAGES,
  "advantage/reinforce_plus_plus_baseline": ADVANTAGES,
  "advantage/reinforce_baseline_openrlhf": ADVANTAGES,
  "loss_agg/fully_masked_row": LOSSES,
  "loss_agg/no_masked_row": LOSSES,
  "loss_agg/microbatch_invariance": LOSSES,
  "policy_loss/grpo_token_mean_clip0.2": LOSSES,
  "policy_loss/grpo_original_seq_mean_token_mean": LOSSES,
  "policy_loss/dr_grpo_seq_mean_token_sum_norm": LOSSES,
  "policy_loss/dapo_clip_higher_0.2_0.28": LOSSES,
  "policy_loss/no_dual_clip": LOSSES,
  "policy_loss/gspo_3e-4_4e-4": LOSSES,
  "policy_loss/gspo_0.2_0.2": LOSSES,
  "policy_loss/cispo_verl_0.2_0.2": LOSSES,
  "policy_loss/cispo_trl_epsmax5": LOSSES,
  "kl/estimators": LOSSES,
  "rollout_is/token_and_sequence": LOSSES,
  "policy_loss/coderlplus_total": "../engines/embedded/decoder/losses.test.ts",
  "dapo/overlong": "dapo.test.ts",
  "dapo/dynamic_sampling": "dapo.test.ts",
  "coderlplus/sem_reward": "../alignment/alignment.test.ts",
  "coderlplus/value_equality": "../alignment/alignment.test.ts",
  "coderlplus/cyclomatic": "../tracer/tracer.test.ts",
  "coderlplus/batch_mix": "../train/train.test.ts",
  "eval/pass_at_k": "../eval/pass-at-k.test.ts",
  "paper/table_avgs": "golden.test.ts",
};

/** What we do not have, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  "advantage/trl_scale_rewards_batch": "GRPO divides by its group's spread; a spread of the batch is REINFORCE++'s",
  "advantage/remax": "a greedy rollout of every prompt as its baseline costs a batch more than a group's mean",
  "policy_loss/sapo_1.0_1.05": "a soft gate in place of the clip: not among the algorithms here",
  "rollout_is/icepop": "weights outside bounds become 0; ours are truncated, and all rollouts keep counting",
};

it.each(goldenCases.map(({ name }) => name))("%s is read by a test, or left out for a reason", (name) => {
  const reader = Object.keys(READ_IN).find((key) => name === key || (key.endsWith("/") && name.startsWith(key)));
  expect(Object.hasOwn(LEFT_OUT, name)).toBe(reader === undefined);
  if (reader === undefined) return;
  const text = readFileSync(new URL(READ_IN[reader], import.meta.url), "utf8");
  expect(text, READ_IN[reader]).toContain(reader);
});

it("nothing is listed that is no golden case", () => {
  const names = goldenCases.map(({ name }) => name);
  for (const key of [...Object.keys(READ_IN), ...Object.keys(LEFT_OUT)]) {
    expect(
      names.some((name) => name.startsWith(key)),
      key,
    ).toBe(true);
  }
});

it("the paper's averages are those of its table: paper/table_avgs", () => {
  const { input, expected } = goldenCase("paper/table_avgs");
  for (const name of ["Ours", "GRPO", "Base"]) expect(mean(input[name])).toBeCloseTo(expected[`${name}_avg`], 1);
  const gain = (expected.Ours_avg / expected.GRPO_avg - 1) * 100;
  expect(gain).toBeCloseTo(expected.rel_gain_over_GRPO_pct, 1);
});
