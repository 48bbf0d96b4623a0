// The schema of a study file: which trainings a question needs, and what is measured. What the names mean together is
// not here (plan.ts).

import { z } from "zod";
import { type MeasureName, measures } from "../../eval/family/family.js";

/** Config keys as --set has them, with their values: `train.steps: 40`. */
const settings = z.record(z.string(), z.unknown()).default({});

/** Flags of a verb without their dashes: `dirty-steps: 0`. */
const flags = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9.-]*$/, "expected small letters, digits, dots and dashes: it names a folder");

const training = {
  recipe: z.string(),
  settings,
  /** Of `demonstrations`, for recipe `sft`; without it the file in supervised.data. */
  data: z.string().optional(),
};

/** A training by recipe or config file; `sft` learns from demonstrations. */
const stage = z.strictObject(training);

/** A warm start of `models` instead of the config's own. */
const model = z.string().optional();
/** The variant it is compared with; without it, the study's baseline. */
const against = z.string().optional();

const variant = z.union([
  z.strictObject({ ...training, model, against }),
  z.strictObject({ stages: z.array(stage).min(1), model, against }),
]);

/** A verb that makes a model, with its flags; or a training, whose last checkpoint it is. */
const warmStart = z.union([z.strictObject({ pretrain: flags }), stage]);

export const studySchema = z.strictObject({
  name,
  /** What the study asks, in a sentence; it heads the table. */
  question: z.string(),
  seeds: z.array(z.int().nonnegative()).min(1),
  /** Settings of every training of the study. */
  settings,
  /** Files made before anything else, by `data demonstrate` with these flags. */
  demonstrations: z.record(name, flags).default({}),
  /** Models made before the variants, and in this order. */
  models: z.record(name, warmStart).default({}),
  variants: z.record(name, variant),
  baseline: z.string(),
  measures: z
    .array(z.enum(Object.keys(measures) as [MeasureName, ...MeasureName[]]))
    .min(1)
    .default(Object.keys(measures) as MeasureName[]),
  /** Variants whose models check each other's programs. */
  swap: z.array(z.string()).default([]),
  /** No training begins once the study has taken this long, over all its resumes. */
  budget: z.strictObject({ minutes: z.number().positive() }).nullable().default(null),
});

export type Study = z.output<typeof studySchema>;
export type Stage = z.output<typeof stage>;
export type Flags = z.output<typeof flags>;
