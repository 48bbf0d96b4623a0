// Named starting points. A recipe is only data: `coderlplus train <name>`, and --set changes any key of it.

import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";
import type { ConfigInput } from "../config.js";

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

export const recipes: Readonly<Record<string, ConfigInput>> = { coderlplus, grpo, "alignment-only": alignmentOnly };

/** @throws UsageError naming the recipes there are */
export function recipe(name: string): ConfigInput {
  const found = recipes[name];
  if (found) return found;
  throw new UsageError(
    `unknown recipe "${name}"${suggestion(name, Object.keys(recipes))}; a config file ends in .yaml`,
  );
}
