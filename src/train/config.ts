// One schema for a training run, its defaults, and how a recipe, a file and --set become one resolved config.

import { parse as parseYaml, stringify as stringifyYaml } from "yaml";
import { z } from "zod";
import { type Aggregation, aggregations } from "../algorithms/aggregation.js";
import { type AlgorithmName, algorithms } from "../algorithms/algorithm.js";
import type { Clipping } from "../algorithms/policy-loss.js";
import { samplings } from "../alignment/pool.js";
import { sources } from "../alignment/recycle.js";
import { rewardModes } from "../alignment/reward.js";
import { selections } from "../alignment/select.js";
import { ConfigError, messageOf } from "../core/errors.js";
import { readText } from "../core/files.js";
import { explain } from "../core/schema.js";
import { LORA_TARGETS } from "../engines/embedded/adapters/layout.js";
import { DEVICES } from "../engines/embedded/devices.js";
import { engineChoices } from "../sandbox/native/choice.js";
import { WALL_MODES } from "../sandbox/wall/wall.js";

const count = z.number().int().positive();
const share = z.number().min(0).max(1);

export const configSchema = z.strictObject({
  recipe: z.string().default("custom"),
  seed: z.number().int().nonnegative().default(0),
  engine: z
    .strictObject({
      kind: z.enum(["embedded"]).default("embedded"),
      /** A model folder, or the model that ships with the package. */
      model: z.string().default("bundled"),
      /** What computes: the processor, or the graphics processor through WebGPU. */
      device: z.enum(DEVICES).default("cpu"),
      threads: count.default(2),
      /** Tokens of one batch of a gradient, padding included. */
      microBatchTokens: count.default(1024),
      /** Compute layers a second time for their gradients instead of keeping them: where nothing fits otherwise. */
      recompute: z.enum(["auto", "always", "never"]).default("auto"),
      /** Of the engine, without judge and rollouts: makes batches smaller and workers fewer. Null: a batch may take 2 GiB. */
      memoryLimitBytes: count.nullable().default(null),
      /** Train adapters beside frozen weights; null trains all weights. */
      lora: z
        .strictObject({
          rank: count.default(8),
          alpha: z.number().positive().default(16),
          targets: z
            .array(z.enum(LORA_TARGETS))
            .min(1)
            .default([...LORA_TARGETS]),
        })
        .nullable()
        .default(null),
    })
    .prefault({}),
  data: z
    .strictObject({ train: z.string().default("bundled"), evaluation: z.string().default("bundled") })
    .prefault({}),
  prompts: z
    .strictObject({
      dialect: z.enum(["continuation", "chat"]).default("continuation"),
      maximumTokens: count.default(176),
    })
    .prefault({}),
  rollouts: z
    .strictObject({
      prompts: count.default(32),
      groupSize: count.default(8),
      temperature: z.number().positive().default(1),
      maximumTokens: count.default(80),
    })
    .prefault({}),
  judge: z
    .strictObject({ mode: z.enum(["strict", "official"]).default("strict"), workers: count.default(2) })
    .prefault({}),
  sandbox: z
    .strictObject({ engine: z.enum(engineChoices).default("wasm"), wall: z.enum(WALL_MODES).default("auto") })
    .prefault({}),
  reward: z
    .strictObject({
      code: z.enum(["binary", "fractionOfTests"]).default("binary"),
      alignment: z.enum(rewardModes).default("withOutput"),
    })
    .prefault({}),
  alignment: z
    .strictObject({
      share: share.default(0.4),
      source: z.enum(sources).default("failed"),
      selection: z.enum(selections).default("lastAssigned"),
      maximumVariables: count.default(3),
      minimumComplexity: z.number().int().nonnegative().default(0),
      maximumComplexity: count.default(100),
      includeRaised: z.boolean().default(false),
      /** About the longest answer of the warm start: longer ones, numbers spelt in digits mostly, teach nothing. */
      maximumAnswerTokens: count.default(40),
      maximumPerStep: count.nullable().default(48),
      determinismCheck: z.boolean().default(true),
      /** First steps whose code rollouts are judged and recycled but not optimised. */
      collectSteps: z.number().int().nonnegative().default(0),
    })
    .prefault({}),
  pool: z.strictObject({ capacity: count.default(20_000), sampling: z.enum(samplings).default("recent") }).prefault({}),
  algorithm: z.enum(Object.keys(algorithms) as [AlgorithmName, ...AlgorithmName[]]).default("grpo"),
  policy: z
    .strictObject({
      aggregation: z.enum(aggregations).optional(),
      clipLow: z.number().positive().max(1).optional(),
      clipHigh: z.number().positive().optional(),
      dualClip: z.number().min(1).nullable().optional(),
      klCoefficient: z.number().nonnegative().default(0),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().nonnegative().default(3e-4),
      warmUpSteps: z.number().int().nonnegative().default(5),
      beta1: share.default(0.9),
      beta2: share.default(0.99),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().nonnegative().default(0),
      gradientClip: z.number().positive().default(1),
    })
    .prefault({}),
  train: z
    .strictObject({
      steps: z.number().int().nonnegative().default(80),
      miniBatches: count.default(2),
      checkpointEvery: count.default(10),
      keepCheckpoints: count.default(2),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      problems: count.default(500),
      /** Also evaluate after every so many steps; null: before and after only. */
      every: count.nullable().default(null),
    })
    .prefault({}),
});

export type ConfigInput = z.input<typeof configSchema>;
type Parsed = z.output<typeof configSchema>;
/** A config with nothing left open: the algorithm's own defaults are filled in. */
export type Config = Omit<Parsed, "policy"> & {
  readonly policy: Clipping & { readonly aggregation: Aggregation; readonly klCoefficient: number };
};

/** @throws ConfigError naming the key, what was found and what was expected */
export function resolveConfig(input: unknown, where: string): Config {
  const result = configSchema.safeParse(input ?? {});
  if (!result.success) throw new ConfigError(`${where}: ${explain(result.error, input, configSchema)}`);
  const { aggregation, clipping } = algorithms[result.data.algorithm];
  const config = { ...result.data, policy: { aggregation, ...clipping, ...defined(result.data.policy) } } as Config;
  refuseNonsense(config, where);
  return config;
}

function refuseNonsense(config: Config, where: string): void {
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

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Partial<T>;
}

/** A YAML file as plain data. */
export function readConfigFile(path: string): unknown {
  const text = readText(path);
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw new ConfigError(`${path}: not YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

/** Applies `a.b=value` settings to a copy; values are read as YAML, so `3`, `true`, `null` and `[1, 2]` mean what they say. */
export function applySettings(input: unknown, settings: readonly string[]): unknown {
  const result = structuredClone(input ?? {}) as Record<string, unknown>;
  for (const setting of settings) {
    const [path, ...rest] = setting.split("=");
    if (!path || rest.length === 0)
      throw new ConfigError(`--set ${setting}: expected key=value, as in --set train.steps=3`);
    const keys = path.split(".");
    let target = result;
    for (const key of keys.slice(0, -1)) {
      if (typeof target[key] !== "object" || target[key] === null) target[key] = {};
      target = target[key] as Record<string, unknown>;
    }
    target[keys.at(-1) as string] = parseSetting(setting, rest.join("="));
  }
  return result;
}

function parseSetting(setting: string, text: string): unknown {
  try {
    return parseYaml(text) as unknown;
  } catch (error) {
    throw new ConfigError(`--set ${setting}: not YAML: ${messageOf(error).split("\n")[0]}`, { cause: error });
  }
}

export function configText(config: Config): string {
  return stringifyYaml(config);
}
