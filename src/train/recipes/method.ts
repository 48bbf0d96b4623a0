// CodeRL+ and what it is measured against.

import type { ConfigInput } from "../config/schema.js";

/** `coderlplus train`: CodeRL+ on the bundled model and problems, 60 % code and 40 % alignment. */
const coderlplus: ConfigInput = { recipe: "coderlplus" };

/** `coderlplus train grpo`: the same rollouts and updates, code only. */
const grpo: ConfigInput = { recipe: "grpo", alignment: { share: 0 } };

/**
 * `coderlplus train alignment-only`: ten steps of code rollouts that are recycled but not learnt from, then as many
 * updates as the others, on alignment alone.
 */
const alignmentOnly: ConfigInput = {
  recipe: "alignment-only",
  alignment: { share: 1, collectSteps: 10, maximumPerStep: null },
  train: { steps: 90 },
};

export const method = { coderlplus, grpo, "alignment-only": alignmentOnly } satisfies Record<string, ConfigInput>;
