// What the paper compares itself with, as far as it is a matter of config: docs/baselines.md has the commands.

import type { ConfigInput } from "../config/schema.js";

/** `coderlplus sft --data F`: one pass over the demonstrations, down to a tenth of the learning rate. */
export const sft: ConfigInput = {
  recipe: "sft",
  optimizer: { learningRate: 5e-4, warmUpSteps: 10, schedule: "cosine", finalShare: 0.1 },
};

/**
 * `coderlplus train reasoning-only`: no code at all, questions of every kind about reference programs; after an sft that
 * has taught their forms (CodeReasoner's way, arXiv 2507.17548).
 */
const reasoningOnly: ConfigInput = {
  recipe: "reasoning-only",
  alignment: { share: 1, source: "references", target: "mixed" },
};

/**
 * `coderlplus train error-aware`: code, and what the policy's own programs give, right or wrong, or the type of the
 * exception that ends them (CodeBoost's error-aware prediction, arXiv 2508.05242). Too few raise on their tests' inputs,
 * so half are run on empty ones.
 */
const errorAware: ConfigInput = {
  recipe: "error-aware",
  alignment: { target: "output", source: "all", includeRaised: true, emptiedInputs: 0.5 },
};

export const baselines = { "reasoning-only": reasoningOnly, "error-aware": errorAware } satisfies Record<
  string,
  ConfigInput
>;
