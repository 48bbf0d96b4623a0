// The schema of a training run and its defaults: every key there is. What a combination of keys means is not here
// (refusals.ts), nor how a file and --set become one config (resolve.ts).

import { z } from "zod";
import { aggregations } from "../../algorithms/aggregation.js";
import { type AlgorithmName, algorithms } from "../../algorithms/algorithm.js";
import { importanceLevels } from "../../algorithms/importance.js";
import { klEstimators, klPlacements } from "../../algorithms/kl.js";
import { samplings } from "../../alignment/pool.js";
import { passedTests, sources } from "../../alignment/recycle.js";
import { rewardModes } from "../../alignment/reward.js";
import { selections } from "../../alignment/select.js";
import { targets } from "../../alignment/target.js";
import { measures } from "../../eval/family/family.js";
import { engineChoices } from "../../sandbox/native/choice.js";
import { WALL_MODES } from "../../sandbox/wall/wall.js";
import { engineSchema } from "./engine.js";

type MeasureName = keyof typeof measures;

const count = z.number().int().positive();
const share = z.number().min(0).max(1);
/** At 1 a moment would never learn anything, and its bias correction divide by zero. */
const decay = z.number().min(0).lt(1);

/** New examples a step, where nothing is said. */
export const DEFAULT_PER_STEP = 48;

export const configSchema = z.strictObject({
  recipe: z.string().default("custom"),
  seed: z.number().int().nonnegative().default(0),
  engine: engineSchema,
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
      /** Groups in which all rewards are equal teach nothing: draw others in their place; null keeps them. DAPO's default is 10. */
      dynamicSampling: z
        .strictObject({
          /** Batches of prompts to draw before giving up. */
          maximumBatches: count.default(10),
        })
        .nullable()
        .optional(),
      /** How many updates older than the newest the policy is that samples: 1 samples the next batch before this step's update. */
      stepsBehind: z.number().int().min(0).max(1).default(0),
      /** Writes each completion token by token beside the rollouts: logprobs, ratios and advantages to look at. */
      recordTokens: z.boolean().default(true),
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
      /** Takes from the reward of completions that come close to the longest allowed; null does not. DAPO's default is the last fifth. */
      overlong: z
        .strictObject({ bufferTokens: count, factor: z.number().positive().default(1) })
        .nullable()
        .optional(),
    })
    .prefault({}),
  alignment: z
    .strictObject({
      share: share.default(0.4),
      /** Shares at steps, linear between them and constant outside; null: `share` throughout. */
      shareSchedule: z
        .array(z.strictObject({ step: count, share }))
        .min(1)
        .nullable()
        .default(null),
      /** What is asked of a program. */
      target: z.enum(targets).default("finalValues"),
      source: z.enum(sources).default("failed"),
      selection: z.enum(selections).default("lastAssigned"),
      maximumVariables: count.default(3),
      minimumComplexity: z.number().int().nonnegative().default(0),
      maximumComplexity: count.default(100),
      includeRaised: z.boolean().default(false),
      /** Share of programs run on their input with every list, text and number in it emptied: many then raise. */
      emptiedInputs: share.default(0),
      /** Of failed programs: those that pass some tests, those that pass none, or any. */
      passedTests: z.enum(passedTests).default("any"),
      /** About the longest answer of the warm start: longer ones, numbers spelt in digits mostly, teach nothing. */
      maximumAnswerTokens: count.default(40),
      maximumPerStep: count.nullable().default(DEFAULT_PER_STEP),
      determinismCheck: z.boolean().default(true),
      /** First steps whose code rollouts are judged and recycled but not optimised. */
      collectSteps: z.number().int().nonnegative().default(0),
    })
    .prefault({}),
  pool: z.strictObject({ capacity: count.default(20_000), sampling: z.enum(samplings).default("recent") }).prefault({}),
  algorithm: z.enum(Object.keys(algorithms) as [AlgorithmName, ...AlgorithmName[]]).default("grpo"),
  /** Where a key is left open, what the algorithm says: docs/algorithms has the defaults of each. */
  policy: z
    .strictObject({
      aggregation: z.enum(aggregations).optional(),
      /** 1 is no lower bound. */
      clipLow: z.number().positive().max(1).optional(),
      clipHigh: z.number().positive().optional(),
      dualClip: z.number().min(1).nullable().optional(),
      klCoefficient: z.number().nonnegative().optional(),
      klEstimator: z.enum(klEstimators).optional(),
      /** A term of the loss, or taken from the reward. */
      klPlacement: z.enum(klPlacements).optional(),
      /**
       * Truncated importance weights between the policy that sampled and the one that is trained; null: none. Left open,
       * there are some where rollouts.stepsBehind is 1.
       */
      importance: z
        .strictObject({ level: z.enum(importanceLevels).default("token"), cap: z.number().min(1).default(2) })
        .nullable()
        .optional(),
      /** Leaves out a step's further updates once the policy is this far (k3, nats a token) from the one that sampled. */
      maximumOldKl: z.number().positive().nullable().default(null),
    })
    .prefault({}),
  optimizer: z
    .strictObject({
      learningRate: z.number().nonnegative().default(3e-4),
      warmUpSteps: z.number().int().nonnegative().default(5),
      /** After the warm-up, down to `finalShare` of the learning rate at the last step. */
      schedule: z.enum(["constant", "linear", "cosine"]).default("constant"),
      finalShare: share.default(0),
      beta1: decay.default(0.9),
      beta2: decay.default(0.99),
      epsilon: z.number().positive().default(1e-8),
      weightDecay: z.number().nonnegative().default(0),
      gradientClip: z.number().positive().default(1),
    })
    .prefault({}),
  train: z
    .strictObject({
      steps: z.number().int().nonnegative().default(80),
      /** Updates a step: its groups in so many parts. */
      miniBatches: count.default(2),
      /** Passes over a step's rollouts. */
      epochs: count.default(1),
      checkpointEvery: count.default(10),
      /** Newest checkpoints to keep. */
      keepCheckpoints: count.default(2),
      /** Also keeps those of every so many steps. */
      keepEvery: count.nullable().default(null),
      /** Also keeps the checkpoint that evaluated best by this measure. */
      keepBest: z
        .enum(Object.keys(measures) as [MeasureName, ...MeasureName[]])
        .nullable()
        .default(null),
      /** Stops after the step in which this much time is used up, over all resumes; `--resume` with more goes on. */
      maximumMinutes: z.number().positive().nullable().default(null),
    })
    .prefault({}),
  /** Learn from given answers instead of rewards: a warm start, or distillation; null: reinforcement. */
  supervised: z
    .strictObject({
      /** A JSONL file of demonstrations: prompt and answer, or messages. */
      data: z.string().min(1, "expected a file of demonstrations"),
      /** Demonstrations an update; a step is one update. */
      batch: count.default(32),
      /** Passes over the demonstrations, in train.steps' place; null: train.steps says how long. */
      epochs: z.number().positive().nullable().default(null),
      /** Longer ones, prompt and answer together, are left out; null: as long as the model's context. */
      maximumTokens: count.nullable().default(null),
    })
    .nullable()
    .default(null),
  /** What stops a run that is coming apart, with its last good checkpoint named; values that are not numbers always do. */
  guards: z
    .strictObject({
      /** Gradient norm before clipping, of any update. */
      maximumGradientNorm: z.number().positive().nullable().default(null),
      /** k3 in nats a token to the policy that sampled, mean of a step. */
      maximumOldKl: z.number().positive().nullable().default(null),
      /** Nats a token, mean of a step: below it the policy has stopped trying anything. */
      minimumEntropy: z.number().positive().nullable().default(null),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      problems: count.default(500),
      /** Also evaluate after every so many steps; null: before and after only. */
      every: count.nullable().default(null),
    })
    .prefault({}),
  /** Copies of metrics.jsonl for other viewers; it stays the truth. */
  trackers: z.strictObject({ tensorboard: z.boolean().default(false), csv: z.boolean().default(false) }).prefault({}),
});

export type ConfigInput = z.input<typeof configSchema>;
export type ParsedConfig = z.output<typeof configSchema>;
/** A config with nothing left open: the algorithm's own defaults are filled in (defaults.ts). */
export type Config = Filled<ParsedConfig, "policy" | "rollouts" | "reward">;

type Filled<T, Keys extends keyof T> = Omit<T, Keys> & {
  readonly [Key in Keys]: { readonly [Inner in keyof T[Key]]-?: Exclude<T[Key][Inner], undefined> };
};
