// Linear probes on hidden states for the final values of variables: how much of a run a model's states hold while it
// reads the program. The protocol and its controls are ours (docs/probe.md); the probe of CodeRL+ (arXiv 2510.18471) is
// not public.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DataError } from "../core/errors.js";
import { sha256, writeAtomic } from "../core/files.js";
import { mean, standardDeviation } from "../core/maths.js";
import type { Problem } from "../problems/problem.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { bagOfTokens } from "./features.js";
import { type Controls, type Measured, majority, measure } from "./measure.js";
import type { GroupRecord, ModelRecord, ProbeRecord, ProbeResults } from "./results.js";
import { type ProbeRow, probedPrograms, type Site, sites } from "./rows.js";
import { bootstrapped } from "./scores.js";
import type { Matrix } from "./softmax.js";
import { hiddenStatesOf, type ProbedModel, type States } from "./states.js";
import { type ProbedProperty, probedProperties, taskOf, textsAt } from "./tasks.js";

export interface ProbeOptions {
  readonly problems: { readonly path: string; readonly sha256: string; readonly list: readonly Problem[] };
  /** At most so many runs a program. */
  readonly inputs: number;
  /** One split by program each. */
  readonly seeds: readonly number[];
  /** Where states and finished probes are kept, and found again. */
  readonly folder: string;
}

/** What is being done; `done` of `total` where it is counted. */
export type ProbeProgress = (what: string, done: number, total: number) => void;

type Outcome = Measured & Controls;

/**
 * @param models  of one name are one group; the first group is the first of every comparison
 * @throws UsageError, EngineError, DataError  where a model or the problems give nothing to probe
 */
export async function probe(
  models: readonly ProbedModel[],
  options: ProbeOptions,
  sandbox: Sandbox,
  progress: ProbeProgress = () => {},
): Promise<ProbeResults> {
  const { problems, inputs, seeds, folder } = options;
  const traced = await probedPrograms(problems.list, inputs, sandbox, (done) =>
    progress("tracing programs", done, problems.list.length),
  );
  const probes = (rows: readonly ProbeRow[]): ProbedProperty[] => worthProbing(rows, problems.path);
  probes(traced.rows);
  const states = await readAll(models, traced.rows, folder, progress);
  const fits = (row: number): boolean => states.every((of) => sites.every((site) => of[site].tokens[row].length > 0));
  const fitting = [...traced.rows.keys()].filter(fits);
  const rows = fitting.map((row) => traced.rows[row]);
  const asked = sites.flatMap((site) => probes(rows).map((property) => ({ site, property })));
  const work = { rows, fitting, seeds, folder };
  const columns = asked.map(({ site, property }, i) => {
    const name = `${site}, ${property.property}`;
    const outcomes = models.map((model, m) => {
      progress(`probing ${name}`, i * models.length + m, asked.length * models.length);
      return probeModel(model, states[m][site], site, property, work);
    });
    return { outcomes, record: baselines(site, property, states[0][site], work) };
  });
  const groups = grouped(models, states);
  return {
    settings: { problems: problems.path, problemsSha256: problems.sha256, inputs, seeds },
    programs: new Set(rows.map(({ program }) => program)).size,
    rows: rows.length,
    withoutRows: traced.withoutRows,
    tooLong: traced.rows.length - rows.length,
    groups: groups.map(({ name, models: members }) => ({ name, models: members })),
    probes: columns.map(({ outcomes, record }) => ({ ...record, ...compared(groups, outcomes) })),
  };
}

/** @throws DataError where there is nothing */
function worthProbing(rows: readonly ProbeRow[], path: string): ProbedProperty[] {
  const found = probedProperties(rows);
  if (found.length > 0) return found;
  throw new DataError(
    `${path}: found ${rows.length} final values that the models have room for, and in them no two classes of 20 programs each; ` +
      "expected Python problems with a reference program and tests with inputs",
  );
}

interface Work {
  readonly rows: readonly ProbeRow[];
  /** Of each row, its number among the states' texts. */
  readonly fitting: readonly number[];
  readonly seeds: readonly number[];
  readonly folder: string;
}

async function readAll(
  models: readonly ProbedModel[],
  rows: readonly ProbeRow[],
  folder: string,
  progress: ProbeProgress,
): Promise<Array<Record<Site, States>>> {
  const all: Array<Record<Site, States>> = [];
  for (const [m, model] of models.entries()) {
    const read = (site: Site): Promise<States> =>
      hiddenStatesOf(model, textsAt(rows, site), join(folder, "states"), (done) =>
        progress(`hidden states of ${model.name} (${m + 1} of ${models.length}), ${site}`, done, rows.length),
      );
    all.push({ assignment: await read("assignment"), question: await read("question"), answer: await read("answer") });
  }
  return all;
}

/** From the folder where it was done before: everything that decides the outcome is in the name. */
function probeModel(model: ProbedModel, states: States, site: Site, property: ProbedProperty, work: Work): Outcome {
  const { rows, fitting, seeds, folder } = work;
  const task = taskOf(
    property,
    rows,
    fitting.map((row) => states.tokens[row].length),
  );
  const key = sha256(JSON.stringify([model.identity, textsAt(rows, site), states.layers, task, seeds])).slice(0, 24);
  const path = join(folder, "fits", `${key}.json`);
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Outcome;
  const numbers = property.rows.map((row) => fitting[row]);
  const outcome = measure(
    task,
    states.matrices.map((matrix) => selected(matrix, numbers)),
    seeds,
  );
  writeAtomic(path, JSON.stringify(outcome));
  return outcome;
}

function selected({ columns, values }: Matrix, rows: readonly number[]): Matrix {
  const result = new Float32Array(rows.length * columns);
  for (const [i, row] of rows.entries()) result.set(values.subarray(row * columns, (row + 1) * columns), i * columns);
  return { rows: rows.length, columns, values: result };
}

/** What no model is needed for; tokens are those of the first one. */
function baselines(
  site: Site,
  property: ProbedProperty,
  states: States,
  { rows, fitting, seeds }: Work,
): Omit<ProbeRecord, "groups" | "differences"> {
  const task = taskOf(
    property,
    rows,
    fitting.map((row) => states.tokens[row].length),
  );
  const bag = bagOfTokens(property.rows.map((row) => states.tokens[fitting[row]]));
  return {
    site,
    property: property.property,
    classes: property.classes,
    rows: property.rows.length,
    programs: new Set(task.programs).size,
    majority: majority(task, seeds),
    bagOfTokens: measure(task, [bag], seeds).accuracy,
    otherShare: property.otherShare,
  };
}

interface Group {
  readonly name: string;
  readonly models: readonly ModelRecord[];
  /** Indices into all models. */
  readonly members: readonly number[];
}

function grouped(models: readonly ProbedModel[], states: ReadonlyArray<Record<Site, States>>): Group[] {
  return [...new Set(models.map(({ name }) => name))].map((name) => {
    const members = [...models.keys()].filter((m) => models[m].name === name);
    return {
      name,
      members,
      models: members.map((m) => ({
        folder: models[m].folder,
        identity: models[m].identity,
        layers: states[m].question.layers,
      })),
    };
  });
}

function compared(groups: readonly Group[], outcomes: readonly Outcome[]): Pick<ProbeRecord, "groups" | "differences"> {
  const of = ({ members }: Group): Outcome[] => members.map((m) => outcomes[m]);
  const tallies = (group: Group): Array<Outcome["tally"]> => of(group).map(({ tally }) => tally);
  return {
    groups: groups.map((group) => groupRecord(group, of(group), bootstrapped(tallies(group)))),
    differences: groups.flatMap((group, i) =>
      groups
        .slice(0, i)
        .map((other) => ({ of: group.name, to: other.name, ...bootstrapped(tallies(group), tallies(other)) })),
    ),
  };
}

function groupRecord(
  { name, models }: Group,
  outcomes: readonly Outcome[],
  accuracy: GroupRecord["accuracy"],
): GroupRecord {
  const average = (key: "macroF1" | "randomLabels"): number => mean(outcomes.map((outcome) => outcome[key]));
  const averageOrNull = (key: "sameMeaning" | "otherMeaning"): number | null => {
    const values = outcomes.flatMap((outcome) => outcome[key] ?? []);
    return values.length === 0 ? null : mean(values);
  };
  return {
    name,
    accuracy,
    spread: standardDeviation(outcomes.map((outcome) => outcome.accuracy)),
    macroF1: average("macroF1"),
    randomLabels: average("randomLabels"),
    selectivity: accuracy.value - average("randomLabels"),
    sameMeaning: averageOrNull("sameMeaning"),
    otherMeaning: averageOrNull("otherMeaning"),
    models: outcomes.map((outcome, m) => ({
      accuracy: outcome.accuracy,
      macroF1: outcome.macroF1,
      randomLabels: outcome.randomLabels,
      sameMeaning: outcome.sameMeaning,
      otherMeaning: outcome.otherMeaning,
      layers: outcome.chosen.map((feature) => models[m].layers[feature]),
    })),
  };
}
