// How far a task of a study is, read from its folder: so a study that was killed goes on, and one whose file or data
// changed says so instead of mixing what does not belong together.

import { existsSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { readText, sha256OfFile, writeAtomic } from "../../core/files.js";
import { bundled } from "../../problems/bundled.js";
import { flatConfig } from "../../runs/compare.js";
import { RunDirectory } from "../../runs/run-directory.js";
import { resolveConfig } from "../config/resolve.js";
import type { Config } from "../config/schema.js";
import { dataHashes, weightsHash } from "../hashes.js";
import { isTokenizerThere } from "../tokenizer.js";
import type { MakeTask, Task, TrainTask } from "./plan.js";

export type TaskState =
  | { readonly kind: "missing" }
  | { readonly kind: "unfinished" }
  | { readonly kind: "finished" }
  /** What is there was made otherwise. */
  | { readonly kind: "changed"; readonly difference: string };

export function stateOf(task: Task): TaskState {
  return task.kind === "train" ? trainingState(task) : madeState(task);
}

function trainingState({ path, config }: TrainTask): TaskState {
  // Between the two files a kill leaves a run that has not begun.
  if (!existsSync(join(path, "run.json")) || !existsSync(join(path, "config.yaml"))) return { kind: "missing" };
  const run = RunDirectory.open(path);
  const info = run.readInfo();
  const difference =
    configDifference(resolveConfig(parseYaml(run.readConfig()), `${path}/config.yaml`), config) ??
    (hasSources(config) ? hashDifference(info.dataHashes, dataHashes(config)) : null);
  if (difference !== null) return { kind: "changed", difference };
  return { kind: info.status === "finished" && info.stepsDone >= config.train.steps ? "finished" : "unfinished" };
}

/** Whether what it stands on is there: it may still have to be made, or made again. */
function hasSources({ engine, supervised }: Config): boolean {
  const model = engine.kind === "tinker" ? isTokenizerThere(engine) : existsSync(bundled(engine.model, "model"));
  return model && (!supervised || existsSync(supervised.data));
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

interface Made {
  readonly command: readonly string[];
  readonly sha256: string;
}

function madeState(task: MakeTask): TaskState {
  const record = recordPath(task);
  if (!existsSync(record) || !existsSync(task.path)) return { kind: "missing" };
  const made = JSON.parse(readText(record)) as Made;
  const [before, now] = [made.command.join(" "), task.command.join(" ")];
  if (before !== now) return { kind: "changed", difference: `made by "${before}", now asked for by "${now}"` };
  if (hashOf(task.path) !== made.sha256) return { kind: "changed", difference: "it is not what was made" };
  return { kind: "finished" };
}

export function recordMade(task: MakeTask): void {
  const made: Made = { command: task.command, sha256: hashOf(task.path) };
  writeAtomic(recordPath(task), `${JSON.stringify(made, null, 2)}\n`);
}

function hashOf(path: string): string {
  return statSync(path).isDirectory() ? weightsHash(path) : sha256OfFile(path);
}

/** As if the task had never begun. */
export function removeTask(task: Task): void {
  rmSync(task.path, { recursive: true, force: true });
  if (task.kind === "make") rmSync(recordPath(task), { force: true });
}

function recordPath({ path }: MakeTask): string {
  return `${path}.json`;
}
