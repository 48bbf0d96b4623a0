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
  refuseControl(config, where);
}

/** Of schedules, early stops, guards and checkpoints. */
function refuseControl({ alignment, evaluation, guards, optimizer, policy, train }: Config, where: string): void {
  const { schedule, warmUpSteps } = optimizer;
  const learning = train.steps - alignment.collectSteps;
  // A constant rate may end in its warm-up: so do all first tries of a few steps.
  if (schedule !== "constant" && warmUpSteps >= learning && train.steps > 0) {
    throw new ConfigError(
      `${where}: optimizer.warmUpSteps is ${warmUpSteps}, but only ${learning} steps learn: nothing is left for a ${schedule} schedule; ${learning > 0 ? `set it to ${learning - 1} at most` : "raise train.steps"}`,
    );
  }
  if (schedule === "constant" && optimizer.finalShare !== 0) {
    throw new ConfigError(
      `${where}: optimizer.finalShare is ${optimizer.finalShare}, but the schedule is constant; set optimizer.schedule to linear or cosine`,
    );
  }
  if (policy.maximumOldKl !== null && train.miniBatches * train.epochs === 1) {
    throw new ConfigError(
      `${where}: policy.maximumOldKl leaves out a step's further updates, but a step has one only; raise train.miniBatches or train.epochs, or set guards.maximumOldKl`,
    );
  }
  if (policy.maximumOldKl !== null && guards.maximumOldKl !== null && policy.maximumOldKl > guards.maximumOldKl) {
    throw new ConfigError(
      `${where}: policy.maximumOldKl (${policy.maximumOldKl}) is above guards.maximumOldKl (${guards.maximumOldKl}): the run would end where further updates are to be left out; lower it, or raise the guard`,
    );
  }
  if (train.keepBest !== null && (evaluation.every === null || evaluation.every >= train.steps)) {
    throw new ConfigError(
      `${where}: train.keepBest is ${train.keepBest}, but nothing is evaluated between the first and the last step; set evaluation.every to less than train.steps (${train.steps})`,
    );
  }
  if (train.keepEvery !== null && train.keepEvery % train.checkpointEvery !== 0) {
    throw new ConfigError(
      `${where}: train.keepEvery is ${train.keepEvery}, which is no multiple of train.checkpointEvery (${train.checkpointEvery}): those steps have no checkpoint`,
    );
  }
}
