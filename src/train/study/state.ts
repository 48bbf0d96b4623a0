// How far a task of a study is, read from its folder: so a study that was killed goes on, and one whose file or data
// changed says so instead of mixing what does not belong together.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { readText, writeAtomic } from "../../core/files.js";
import { flatConfig } from "../../runs/compare.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { bundled } from "../bundled.js";
import { resolveConfig } from "../config/resolve.js";
import { dataHashes, weightsHash } from "../hashes.js";
import type { ModelTask, Task, TrainTask } from "./plan.js";

export type TaskState =
  | { readonly kind: "missing" }
  | { readonly kind: "unfinished" }
  | { readonly kind: "finished" }
  /** What is there was made otherwise. */
  | { readonly kind: "changed"; readonly difference: string };

export function stateOf(task: Task): TaskState {
  return task.kind === "train" ? trainingState(task) : modelState(task);
}

function trainingState({ path, config }: TrainTask): TaskState {
  // Between the two files a kill leaves a run that has not begun.
  if (!existsSync(join(path, "run.json")) || !existsSync(join(path, "config.yaml"))) return { kind: "missing" };
  const run = RunDirectory.open(path);
  const info = run.readInfo();
  const difference =
    configDifference(resolveConfig(parseYaml(run.readConfig()), `${path}/config.yaml`), config) ??
    (existsSync(bundled(config.engine.model, "model")) ? hashDifference(info.dataHashes, dataHashes(config)) : null);
  if (difference !== null) return { kind: "changed", difference };
  return { kind: info.status === "finished" && info.stepsDone >= config.train.steps ? "finished" : "unfinished" };
}

/** What changes no number. */
const IMMATERIAL = new Set(["engine.threads", "judge.workers", "train.checkpointEvery", "recipe"]);

function configDifference(before: object, now: object): string | null {
  const [old, wanted] = [flatConfig(before), flatConfig(now)];
  const key = [...new Set([...Object.keys(old), ...Object.keys(wanted)])].find(
    (name) => !IMMATERIAL.has(name) && old[name] !== wanted[name],
  );
  return key === undefined ? null : `${key} is ${old[key] ?? "not set"} there and ${wanted[key] ?? "not set"} here`;
}

function hashDifference(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): string | null {
  const name = Object.keys(now).find((key) => before[key] !== now[key]);
  return name === undefined ? null : `its ${name === "model" ? "starting model" : `${name} data`} has changed since`;
}

interface MadeModel {
  readonly command: readonly string[];
  readonly sha256: string;
}

function modelState(task: ModelTask): TaskState {
  const record = recordPath(task);
  if (!existsSync(record) || !existsSync(join(task.path, "config.json"))) return { kind: "missing" };
  const made = JSON.parse(readText(record)) as MadeModel;
  const [before, now] = [made.command.join(" "), task.command.join(" ")];
  if (before !== now) return { kind: "changed", difference: `made by "${before}", now asked for by "${now}"` };
  if (weightsHash(task.path) !== made.sha256) return { kind: "changed", difference: "its weights are not those made" };
  return { kind: "finished" };
}

export function recordModel(task: ModelTask): void {
  const made: MadeModel = { command: task.command, sha256: weightsHash(task.path) };
  writeAtomic(recordPath(task), `${JSON.stringify(made, null, 2)}\n`);
}

/** As if the task had never begun. */
export function removeTask(task: Task): void {
  rmSync(task.path, { recursive: true, force: true });
  if (task.kind === "model") rmSync(recordPath(task), { force: true });
}

function recordPath({ path }: ModelTask): string {
  return `${path}.json`;
}
