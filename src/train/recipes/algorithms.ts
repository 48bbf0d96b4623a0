// Every algorithm twice: under its own name on code only, and as `coderlplus-<name>` with the alignment task, 60 % code
// and 40 % alignment. GRPO's two are in method.ts: `grpo` and `coderlplus`. What a recipe leaves open is the algorithm's
// own default (docs/algorithms); the learning rate, 3e-4 with 5 steps of warm-up, suits the bundled model with all of
// them.

import type { ConfigInput } from "../config/schema.js";

const codeOnly = { share: 0 };

/** `coderlplus train dr-grpo`: no division by the group's spread or a completion's length. */
const drGrpo: ConfigInput = { recipe: "dr-grpo", algorithm: "dr-grpo", alignment: codeOnly };
/** `coderlplus train coderlplus-dr-grpo`: the same with the alignment task. */
const coderlplusDrGrpo: ConfigInput = { recipe: "coderlplus-dr-grpo", algorithm: "dr-grpo" };

/** `coderlplus train rloo`: the other rollouts of the prompt are the baseline. */
const rloo: ConfigInput = { recipe: "rloo", algorithm: "rloo", alignment: codeOnly };
/** `coderlplus train coderlplus-rloo`: the same with the alignment task. */
const coderlplusRloo: ConfigInput = { recipe: "coderlplus-rloo", algorithm: "rloo" };

/** `coderlplus train reinforce-plus-plus`: the batch is the baseline, KL is in each token's reward. */
const reinforcePlusPlus: ConfigInput = {
  recipe: "reinforce-plus-plus",
  algorithm: "reinforce-plus-plus",
  alignment: codeOnly,
};
/** `coderlplus train coderlplus-reinforce-plus-plus`: the same with the alignment task. */
const coderlplusReinforcePlusPlus: ConfigInput = {
  recipe: "coderlplus-reinforce-plus-plus",
  algorithm: "reinforce-plus-plus",
};

/** `coderlplus train reinforce-plus-plus-baseline`: the group is the baseline, the batch sets the scale. */
const reinforcePlusPlusBaseline: ConfigInput = {
  recipe: "reinforce-plus-plus-baseline",
  algorithm: "reinforce-plus-plus-baseline",
  alignment: codeOnly,
};
/** `coderlplus train coderlplus-reinforce-plus-plus-baseline`: the same with the alignment task. */
const coderlplusReinforcePlusPlusBaseline: ConfigInput = {
  recipe: "coderlplus-reinforce-plus-plus-baseline",
  algorithm: "reinforce-plus-plus-baseline",
};

/** `coderlplus train dapo`: room upwards, groups that teach, a price on completions that are nearly too long. */
const dapo: ConfigInput = { recipe: "dapo", algorithm: "dapo", alignment: codeOnly };
/** `coderlplus train coderlplus-dapo`: the same with the alignment task. */
const coderlplusDapo: ConfigInput = { recipe: "coderlplus-dapo", algorithm: "dapo" };

/** `coderlplus train gspo`: one ratio for a whole completion. */
const gspo: ConfigInput = { recipe: "gspo", algorithm: "gspo", alignment: codeOnly };
/** `coderlplus train coderlplus-gspo`: the same with the alignment task. */
const coderlplusGspo: ConfigInput = { recipe: "coderlplus-gspo", algorithm: "gspo" };

/** `coderlplus train cispo`: the ratio is a bounded weight, and silences no token. */
const cispo: ConfigInput = { recipe: "cispo", algorithm: "cispo", alignment: codeOnly };
/** `coderlplus train coderlplus-cispo`: the same with the alignment task. */
const coderlplusCispo: ConfigInput = { recipe: "coderlplus-cispo", algorithm: "cispo" };

export const algorithms = {
  "dr-grpo": drGrpo,
  "coderlplus-dr-grpo": coderlplusDrGrpo,
  rloo,
  "coderlplus-rloo": coderlplusRloo,
  "reinforce-plus-plus": reinforcePlusPlus,
  "coderlplus-reinforce-plus-plus": coderlplusReinforcePlusPlus,
  "reinforce-plus-plus-baseline": reinforcePlusPlusBaseline,
  "coderlplus-reinforce-plus-plus-baseline": coderlplusReinforcePlusPlusBaseline,
  dapo,
  "coderlplus-dapo": coderlplusDapo,
  gspo,
  "coderlplus-gspo": coderlplusGspo,
  cispo,
  "coderlplus-cispo": coderlplusCispo,
} satisfies Record<string, ConfigInput>;
