// From a study to what has to be run: every variant of every seed as stages in order, each with its folder and its
// resolved config. Nothing is read but the study and its config files, and nothing is run.

import { dirname, join, resolve } from "node:path";
import { ConfigError } from "../../core/errors.js";
import { explain, suggestion } from "../../core/schema.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { isInert } from "../config/inert.js";
import { applySettings, readConfigFile, resolveConfig } from "../config/resolve.js";
import type { Config } from "../config/schema.js";
import { sft } from "../recipes/baselines.js";
import { recipe } from "../recipes/recipes.js";
import { type Flags, type Stage, type Study, studySchema } from "./schema.js";

/** A file or a model folder that a verb of ours makes. */
export interface MakeTask {
  readonly kind: "make";
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

export type Task = MakeTask | TrainTask;

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
  /** What the variants stand on: demonstrations, then models. */
  readonly sources: readonly Task[];
  /** All variants of the first seed, then of the next. */
  readonly jobs: readonly Job[];
  /** Why variants that are not asked for could not be run; they have no jobs. */
  readonly unusable: readonly string[];
}

export interface PlanOptions {
  /** Settings of every training, after the variants' own. */
  readonly settings?: readonly string[];
  /** Default: `runs/studies/<name>`. */
  readonly folder?: string;
  /** The variants that are asked for: what is wrong with others ends nothing. Default: all. */
  readonly only?: readonly string[] | undefined;
}

/** @throws ConfigError naming the file, the variant and the key */
export function readPlan(path: string, options: PlanOptions = {}): Plan {
  const input = readConfigFile(path);
  const result = studySchema.safeParse(input);
  if (!result.success) throw new ConfigError(`${path}: ${explain(result.error, input, studySchema)}`);
  const study = result.data;
  checkNames(study, path);
  const folder = options.folder ?? join("runs", "studies", study.name);
  const place = { folder, file: path, settings: options.settings ?? [] };
  checkNamed([...settingTexts(study.settings), ...place.settings], study, path);
  const { asked, unusable } = usable(study, options.only, place);
  const demonstrations = Object.entries(study.demonstrations).map(([name, flags]): MakeTask => {
    const target = demonstrationsPath(folder, name);
    const command = ["data", "demonstrate", "--out", target, ...flagTexts(flags)];
    return { kind: "make", label: `demonstrations ${name}`, path: target, command };
  });
  const models = Object.keys(study.models)
    .filter((name) => asked.models.includes(name))
    .map((name) => modelTask(study, name, place));
  const jobs = study.seeds.flatMap((seed) => asked.variants.map((variant) => jobOf(study, variant, seed, place)));
  return { study, folder, sources: [...demonstrations, ...models], jobs, unusable };
}

/** All variants and models that have a config, and why others have none. @throws ConfigError for one that is asked for */
function usable(study: Study, only: readonly string[] | undefined, place: Place) {
  const unusable: string[] = [];
  const [seed] = study.seeds;
  const works = (isAsked: boolean, make: () => unknown): boolean => {
    try {
      make();
      return true;
    } catch (error) {
      if (isAsked || !(error instanceof ConfigError)) throw error;
      unusable.push(error.message);
      return false;
    }
  };
  const isAsked = (name: string): boolean => only?.includes(name) ?? true;
  const needed = Object.entries(study.variants).flatMap(([name, { model }]) => (isAsked(name) && model ? [model] : []));
  const models = Object.keys(study.models).filter((name) =>
    works(only === undefined || needed.includes(name), () => modelTask(study, name, place)),
  );
  const variants = Object.entries(study.variants).flatMap(([name, { model }]) => {
    if (model !== undefined && !models.includes(model)) return [];
    return works(isAsked(name), () => jobOf(study, name, seed, place)) ? [name] : [];
  });
  return { asked: { models, variants }, unusable };
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
  for (const { data, where } of namedData(study)) known(data, Object.keys(study.demonstrations), where);
  const twice = study.seeds.find((seed, i) => study.seeds.indexOf(seed) !== i);
  if (twice !== undefined) throw new ConfigError(`${path}: seeds: ${twice} is there twice`);
}

function namedData({ models, variants }: Study): Array<{ readonly data: string; readonly where: string }> {
  const trainings = [
    ...Object.entries(models).flatMap(([name, made]) =>
      "recipe" in made ? [{ made, where: `models.${name}.data` }] : [],
    ),
    ...Object.entries(variants).flatMap(([name, variant]) =>
      "stages" in variant
        ? variant.stages.map((made, i) => ({ made, where: `variants.${name}.stages[${i}].data` }))
        : [{ made: variant, where: `variants.${name}.data` }],
    ),
  ];
  return trainings.flatMap(({ made: { data }, where }) => (data === undefined ? [] : [{ data, where }]));
}

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly settings: readonly string[];
}

/** Nothing of it depends on a seed of the study: all share it. */
function modelTask(study: Study, name: string, place: Place): Task {
  const made = study.models[name];
  const path = join(place.folder, "models", name);
  const label = `model ${name}`;
  if ("pretrain" in made) {
    return { kind: "make", label, path, command: ["pretrain", "--out", path, ...flagTexts(made.pretrain)] };
  }
  return { kind: "train", label, path, config: configOf(study, made, [], `models.${name}`, place) };
}

function jobOf(study: Study, name: string, seed: number, place: Place): Job {
  const { folder } = place;
  const variant = study.variants[name];
  const stages = "stages" in variant ? variant.stages : [variant];
  let model = variant.model === undefined ? null : modelFolder(modelTask(study, variant.model, place));
  const tasks = stages.map((stage, i): TrainTask => {
    const isLast = i === stages.length - 1;
    const path = join(folder, name, `seed-${seed}${isLast ? "" : `.stage-${i + 1}`}`);
    const where = `variants.${name}${stages.length > 1 ? `.stages[${i}]` : ""}`;
    const own = [`seed=${seed}`, ...(model === null ? [] : [`engine.model=${JSON.stringify(model)}`])];
    const label = `${name} seed ${seed}${stages.length > 1 ? ` stage ${i + 1}` : ""}`;
    const task: TrainTask = { kind: "train", label, path, config: configOf(study, stage, own, where, place) };
    model = modelFolder(task);
    return task;
  });
  return { variant: name, seed, tasks };
}

/** @param own  settings after all others */
function configOf(study: Study, stage: Stage, own: readonly string[], at: string, place: Place): Config {
  const { folder, file, settings } = place;
  const where = `${file}: ${at}`;
  const data =
    stage.data === undefined ? [] : [`supervised.data=${JSON.stringify(demonstrationsPath(folder, stage.data))}`];
  const stageOwn = [...data, ...settingTexts(stage.settings)];
  const input = configInput(stage, file);
  const reaches = (texts: readonly string[]): string[] => meantFor(texts, isSupervised(stage));
  const common = reaches(settingTexts(study.settings));
  const config = resolveConfig(applySettings(input, [...common, ...stageOwn, ...reaches(settings), ...own]), where);
  if (typeof config.supervised?.epochs === "number") {
    throw new ConfigError(`${where}: a study says how long in steps: set train.steps instead of supervised.epochs`);
  }
  return config;
}

function isSupervised({ recipe: name, data }: Stage): boolean {
  return name === sft.recipe || data !== undefined;
}

/** In front of a key that is set for all trainings: it is meant for the supervised ones. */
const SUPERVISED = `${sft.recipe}:`;
/** How long and how fast means another thing in each kind of training. */
const OWN = /^(?:train|optimizer|guards)\./;

/**
 * Of what is set for all trainings, what reaches one of this kind; what is set for a stage is refused instead where it makes
 * no sense.
 */
function meantFor(texts: readonly string[], supervised: boolean): string[] {
  return texts.flatMap((text) => {
    const key = text.slice(0, text.indexOf("=")).trim();
    if (text.startsWith(SUPERVISED)) return supervised ? [text.slice(SUPERVISED.length)] : [];
    if (key.startsWith("supervised.")) return supervised ? [text] : [];
    return supervised && (isInert(key) || OWN.test(key)) ? [] : [text];
  });
}

/** @throws ConfigError for a setting that would reach nothing */
function checkNamed(texts: readonly string[], { models, variants }: Study, path: string): void {
  const stages = [
    ...Object.values(models).flatMap((made) => ("recipe" in made ? [made] : [])),
    ...Object.values(variants).flatMap((variant) => ("stages" in variant ? variant.stages : [variant])),
  ];
  const lost = texts.find((text) => text.startsWith(SUPERVISED));
  if (lost !== undefined && !stages.some(isSupervised)) {
    throw new ConfigError(`${path}: ${lost}: there is no ${sft.recipe} in this study; leave it out`);
  }
}

/** What a task leaves for the next to begin with. */
export function modelFolder(task: Task): string {
  if (task.kind === "make") return task.path;
  const { engine, train } = task.config;
  return train.steps === 0 ? engine.model : RunDirectory.checkpointOf(task.path, train.steps);
}

/** A config file is found from the study's folder. */
function configInput({ recipe: name }: Stage, file: string): unknown {
  if (name === sft.recipe) return sft;
  return /\.ya?ml$/.test(name) ? readConfigFile(resolve(dirname(file), name)) : recipe(name);
}

function demonstrationsPath(folder: string, name: string): string {
  return join(folder, "demonstrations", `${name}.jsonl`);
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
