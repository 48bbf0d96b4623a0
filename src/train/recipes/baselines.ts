// What the paper compares itself with, as far as it is a matter of config: docs/baselines.md has the commands.

import type { ConfigInput } from "../config/schema.js";

/** `coderlplus sft --data F`: one pass over the demonstrations, down to a tenth of the learning rate. */
export const sft: ConfigInput = {
  recipe: "sft",
  optimizer: { learningRate: 5e-4, warmUpSteps: 10, schedule: "cosine", finalShare: 0.1 },
};
