// Combinations of keys that make no sense: each is refused before anything runs, with the reason and what to set.

import { ConfigError } from "../../core/errors.js";
import { alignmentRules } from "./alignment-refusals.js";
import { policyRules } from "./policy-refusals.js";
import type { Config } from "./schema.js";

/** Why a config makes no sense and what to set, or false. */
export type Rule = (config: Config) => string | false;

/** @throws ConfigError for the first combination that makes no sense */
export function refuseNonsense(config: Config, where: string): void {
  for (const rule of [address, collecting, ...alignmentRules, ...policyRules, ...control]) {
    const reason = rule(config);
    if (reason !== false) throw new ConfigError(`${where}: ${reason}`);
  }
}

/** The address itself is not repeated: it may hold a secret. */
const address: Rule = ({ engine }) => {
  if (engine.kind === "embedded" || engine.baseUrl === null) return false;
  const url = URL.canParse(engine.baseUrl) ? new URL(engine.baseUrl) : null;
  if (url === null || !/^https?:$/.test(url.protocol)) {
    return "engine.baseUrl is no address of a server; write it as in http://localhost:8000";
  }
  const { username, password, search, hash } = url;
  return (
    username + password + search + hash !== "" &&
    "engine.baseUrl holds more than a place; a config is written into its run: leave the secret out, and set TINKER_API_KEY"
  );
};

const collecting: Rule = ({ alignment: { collectSteps }, train: { steps } }) =>
  collectSteps > 0 &&
  collectSteps >= steps &&
  steps > 0 &&
  `alignment.collectSteps is ${collectSteps} and train.steps ${steps}: nothing would be learnt; collect for fewer steps than the run has`;

/** Of mini-batches, schedules, early stops, guards and checkpoints. */
const control: readonly Rule[] = [
  ({ train: { miniBatches }, rollouts: { prompts } }) =>
    miniBatches > prompts &&
    `train.miniBatches is ${miniBatches}, more than rollouts.prompts (${prompts}); a mini-batch needs at least one group`,
  // A constant rate may end in its warm-up: so do all first tries of a few steps.
  ({ optimizer: { schedule, warmUpSteps }, alignment, train: { steps } }) => {
    const learning = steps - alignment.collectSteps;
    return (
      schedule !== "constant" &&
      warmUpSteps >= learning &&
      steps > 0 &&
      `optimizer.warmUpSteps is ${warmUpSteps}, but only ${learning} steps learn: nothing is left for a ${schedule} schedule; ${learning > 0 ? `set it to ${learning - 1} at most` : "raise train.steps"}`
    );
  },
  ({ optimizer: { schedule, finalShare } }) =>
    schedule === "constant" &&
    finalShare !== 0 &&
    `optimizer.finalShare is ${finalShare}, but the schedule is constant; set optimizer.schedule to linear or cosine`,
  ({ policy: { maximumOldKl }, train: { miniBatches, epochs } }) =>
    maximumOldKl !== null &&
    miniBatches * epochs === 1 &&
    "policy.maximumOldKl leaves out a step's further updates, but a step has one only; raise train.miniBatches or train.epochs, or set guards.maximumOldKl",
  ({ policy, guards }) =>
    policy.maximumOldKl !== null &&
    guards.maximumOldKl !== null &&
    policy.maximumOldKl > guards.maximumOldKl &&
    `policy.maximumOldKl (${policy.maximumOldKl}) is above guards.maximumOldKl (${guards.maximumOldKl}): the run would end where further updates are to be left out; lower it, or raise the guard`,
  ({ train: { keepBest, steps }, evaluation: { every } }) =>
    keepBest !== null &&
    (every === null || every >= steps) &&
    `train.keepBest is ${keepBest}, but nothing is evaluated between the first and the last step; set evaluation.every to less than train.steps (${steps})`,
  ({ train: { keepEvery, checkpointEvery } }) =>
    keepEvery !== null &&
    keepEvery % checkpointEvery !== 0 &&
    `train.keepEvery is ${keepEvery}, which is no multiple of train.checkpointEvery (${checkpointEvery}): those steps have no checkpoint`,
];
