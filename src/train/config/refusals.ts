// Combinations of keys that make no sense: each is refused before anything runs, with the reason and what to set.

import { ConfigError } from "../../core/errors.js";
import { refuseAlignment } from "./alignment-refusals.js";
import { refusePolicy } from "./policy-refusals.js";
import type { Config } from "./schema.js";

/** @throws ConfigError for the first combination that makes no sense */
export function refuseNonsense(config: Config, where: string): void {
  const { alignment, rollouts, train } = config;
  if (alignment.collectSteps > 0 && alignment.collectSteps >= train.steps && train.steps > 0) {
    throw new ConfigError(
      `${where}: alignment.collectSteps is ${alignment.collectSteps} and train.steps ${train.steps}: nothing would be learnt; collect for fewer steps than the run has`,
    );
  }
  refuseAlignment(config, where);
  refusePolicy(config, where);
  if (train.miniBatches > rollouts.prompts) {
    throw new ConfigError(
      `${where}: train.miniBatches is ${train.miniBatches}, more than rollouts.prompts (${rollouts.prompts}); a mini-batch needs at least one group`,
    );
  }
}
