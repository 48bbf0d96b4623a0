// From a study to what has to be run: every variant of every seed as stages in order, each with its folder and its
// resolved config. Nothing is read but the study and its config files, and nothing is run.

import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { explain, suggestion } from "../../core/schema.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { applySettings, readConfigFile, resolveConfig } from "../config/resolve.js";
import type { Config } from "../config/schema.js";
import { sft } from "../recipes/baselines.js";
import { recipe } from "../recipes/recipes.js";
import { type Flags, type Stage, type Study, studySchema } from "./schema.js";

/** A model folder that a verb of ours makes. */
export interface ModelTask {
  readonly kind: "model";
  readonly label: string;
  readonly path: string;
  readonly command: readonly string[];
}

/** A training and its run directory. */
export interface TrainTask {
  readonly kind: "train";
  readonly label: string;
  readonly path: string;
  readonly config: Config;
}

export type Task = ModelTask | TrainTask;

/** One variant under one seed. */
export interface Job {
  readonly variant: string;
  readonly seed: number;
  /** One after the other, each on the model of the one before; the last one's folder is the job's own. */
  readonly tasks: readonly TrainTask[];
}

export interface Plan {
  readonly study: Study;
  readonly folder: string;
  readonly models: readonly ModelTask[];
  /** All variants of the first seed, then of the next. */
  readonly jobs: readonly Job[];
}

export interface PlanOptions {
  /** Settings of every training, after the variants' own. */
  readonly settings?: readonly string[];
  /** Default: `runs/studies/<name>`. */
  readonly folder?: string;
}

/** @throws ConfigError naming the file, the variant and the key */
export function readPlan(path: string, options: PlanOptions = {}): Plan {
  const input = readConfigFile(path);
  const result = studySchema.safeParse(input);
  if (!result.success) throw new ConfigError(`${path}: ${explain(result.error, input, studySchema)}`);
  const study = result.data;
  checkNames(study, path);
  const folder = options.folder ?? join("runs", "studies", study.name);
  const models = Object.entries(study.models).map(([name, made]): ModelTask => {
    const target = modelPath(folder, name);
    const command = ["pretrain", "--out", target, ...flagTexts(made.pretrain)];
    return { kind: "model", label: `model ${name}`, path: target, command };
  });
  const place = { folder, file: path, settings: options.settings ?? [] };
  const jobs = study.seeds.flatMap((seed) =>
    Object.keys(study.variants).map((variant) => jobOf(study, variant, seed, place)),
  );
  return { study, folder, models, jobs };
}

function checkNames(study: Study, path: string): void {
  const variants = Object.keys(study.variants);
  const known = (name: string, names: readonly string[], where: string): void => {
    if (!names.includes(name)) {
      throw new ConfigError(`${path}: ${where}: there is no "${name}" in this study${suggestion(name, names)}`);
    }
  };
  known(study.baseline, variants, "baseline");
  for (const name of study.swap) known(name, variants, "swap");
  for (const [name, { model, against }] of Object.entries(study.variants)) {
    if (model !== undefined) known(model, Object.keys(study.models), `variants.${name}.model`);
    if (against !== undefined) known(against, variants, `variants.${name}.against`);
  }
  const twice = study.seeds.find((seed, i) => study.seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw new ConfigError(`${path}: seeds: ${twice} is there twice`);
}

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly settings: readonly string[];
}

function jobOf(study: Study, name: string, seed: number, { folder, file, settings }: Place): Job {
  const variant = study.variants[name];
  const stages = "stages" in variant ? variant.stages : [variant];
  let model = variant.model === undefined ? null : modelPath(folder, variant.model);
  const tasks = stages.map((stage, i): TrainTask => {
    const isLast = i === stages.length - 1;
    const path = join(folder, name, `seed-${seed}${isLast ? "" : `.stage-${i + 1}`}`);
    const where = `${file}: variants.${name}${stages.length > 1 ? `.stages[${i}]` : ""}`;
    const last = [...settings, `seed=${seed}`, ...(model === null ? [] : [`engine.model=${JSON.stringify(model)}`])];
    const all = [...settingTexts(study.settings), ...settingTexts(stage.settings), ...last];
    const config = resolveConfig(applySettings(configInput(stage, file), all), where);
    if (typeof config.supervised?.epochs === "number") {
      throw new ConfigError(`${where}: a study says how long in steps: set train.steps instead of supervised.epochs`);
    }
    model = config.train.steps === 0 ? config.engine.model : RunDirectory.checkpointOf(path, config.train.steps);
    return { kind: "train", label: `${name} seed ${seed}${stages.length > 1 ? ` stage ${i + 1}` : ""}`, path, config };
  });
  return { variant: name, seed, tasks };
}

/** A config file is found from the study's folder. */
function configInput({ recipe: name }: Stage, file: string): unknown {
  if (name === sft.recipe) return sft;
  return /\.ya?ml$/.test(name) ? readConfigFile(resolve(dirname(file), name)) : recipe(name);
}

function modelPath(folder: string, name: string): string {
  return join(folder, "models", name);
}

function settingTexts(settings: Study["settings"]): string[] {
  return Object.entries(settings).map(([key, value]) => `${key}=${JSON.stringify(value)}`);
}

function flagTexts(flags: Flags): string[] {
  return Object.entries(flags).flatMap(([name, value]) => {
    if (value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, String(value)];
  });
}
