// What of a training config the task queue goes by: the trainer's own keys, with their meaning there. What a trainer
// elsewhere decides for itself (rollouts, algorithm, optimiser) is no key here.

import { ConfigError } from "../../core/errors.js";
import { explain } from "../../core/schema.js";
import { resolveConfig } from "../../train/config/resolve.js";
import { type Config, configSchema } from "../../train/config/schema.js";

const keys = { seed: true, data: true, prompts: true, judge: true, reward: true, alignment: true, pool: true } as const;
const schema = configSchema.pick(keys);

export type TaskConfig = Pick<Config, keyof typeof keys>;

/** @throws ConfigError naming the key, what was found and what was expected */
export function resolveTaskConfig(input: unknown, where: string): TaskConfig {
  const result = schema.safeParse(input ?? {});
  if (!result.success) throw new ConfigError(`${where}: ${explain(result.error, input, schema)}`);
  // How many prompts a step has is the trainer's business: here as many as the pool may hold.
  const rollouts = { prompts: result.data.pool.capacity };
  const { seed, data, prompts, judge, reward, alignment, pool } = resolveConfig({ ...result.data, rollouts }, where);
  if (reward.overlong !== null) {
    throw new ConfigError(`${where}: reward.overlong counts tokens, which the trainer has; shape the reward there`);
  }
  if (alignment.source === "references") {
    throw new ConfigError(
      `${where}: alignment.source is references, which no rollout is needed for; here examples come from reported rollouts: take failed, all or passed`,
    );
  }
  return { seed, data, prompts, judge, reward, alignment, pool };
}
