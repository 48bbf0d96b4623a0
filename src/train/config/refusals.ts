// Combinations of keys that make no sense: each is refused before anything runs, with the reason and what to set.

import { ConfigError } from "../../core/errors.js";
import type { Config } from "./schema.js";

/** @throws ConfigError for the first combination that makes no sense */
export function refuseNonsense(config: Config, where: string): void {
  const { alignment, pool, rollouts, train } = config;
  if (alignment.collectSteps > 0 && alignment.collectSteps >= train.steps && train.steps > 0) {
    throw new ConfigError(
      `${where}: alignment.collectSteps is ${alignment.collectSteps} and train.steps ${train.steps}: nothing would be learnt; collect for fewer steps than the run has`,
    );
  }
  if (pool.capacity < Math.floor(rollouts.prompts * alignment.share)) {
    throw new ConfigError(
      `${where}: pool.capacity is ${pool.capacity}, less than the ${Math.floor(rollouts.prompts * alignment.share)} alignment prompts of a step; raise it`,
    );
  }
  if (alignment.share === 1 && alignment.collectSteps === 0) {
    throw new ConfigError(
      `${where}: alignment.share is 1 but alignment.collectSteps is 0: without code rollouts there are no failed programs to learn from; set alignment.collectSteps to 1 or more`,
    );
  }
  if (rollouts.groupSize === 1) {
    throw new ConfigError(
      `${where}: rollouts.groupSize is 1: a group of one has no baseline, so ${config.algorithm} cannot learn from it; use 2 or more`,
    );
  }
  if (train.miniBatches > rollouts.prompts) {
    throw new ConfigError(
      `${where}: train.miniBatches is ${train.miniBatches}, more than rollouts.prompts (${rollouts.prompts}); a mini-batch needs at least one group`,
    );
  }
}
