// A run's folder: what is written where, and reading it back. Every write is atomic or can be cut back to the last
// checkpoint, so that a run killed at any moment resumes. Nothing here knows how training works.

import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DataError, UsageError } from "../core/errors.js";
import { appendDurable, readText, storing, writeAtomic } from "../core/files.js";
import { removeFolderAtomic, sweepTemporary, writeFolderAtomic } from "../core/folders.js";
import { stringifyJson } from "../core/json.js";
import { eachLine, readLines, toLines } from "../core/jsonl.js";
import { LOCK, releaseLock, takeLock } from "./lock.js";
import type { StepMetrics } from "./metrics.js";
import type {
  BestCheckpoint,
  EvaluationRecord,
  EvaluationSample,
  RolloutRecord,
  RunInfo,
  TokenRecord,
} from "./records.js";

/** What was just recorded. */
export type Written =
  | { readonly kind: "step"; readonly metrics: StepMetrics }
  | { readonly kind: "evaluation"; readonly record: EvaluationRecord };

const CONFIG = "config.yaml";

const BEST = "best.json";
/** Where files are written. */
const FOLDERS = ["", "rollouts", "tokens", "eval", join("eval", "samples"), "checkpoints", "tensorboard"];

const padded = (step: number): string => String(step).padStart(6, "0");

export class RunDirectory {
  /** Called after a step or an evaluation is written, with it. */
  afterWrite: (written: Written) => void = () => {};

  private constructor(readonly path: string) {}

  /** Whether a run could begin, or be resumed, here. @throws UsageError saying why not */
  static checkFree(path: string, resume: boolean): void {
    const holdsRun = existsSync(join(path, "run.json"));
    if (resume && !holdsRun) throw new UsageError(`${path}: holds no run (no run.json in it)`);
    if (resume) return;
    if (holdsRun) {
      throw new UsageError(
        `${path}: holds a run already; continue it with --resume, or choose another folder with --run`,
      );
    }
    if (existsSync(path) && !isUnborn(readdirSync(path))) {
      throw new UsageError(`${path}: the folder is not empty and holds no run; choose another with --run`);
    }
  }

  /** A new run, claimed by this process. @throws UsageError where the folder is taken, StorageError */
  static create(path: string, info: RunInfo, config: string): RunDirectory {
    RunDirectory.checkFree(path, false);
    storing(path, () => mkdirSync(path, { recursive: true }));
    takeLock(path);
    const run = new RunDirectory(path);
    run.writeText(CONFIG, config);
    // Last: what has it is a run, and can be resumed.
    run.writeInfo(info);
    return run;
  }

  /** An existing run, to be written by this process alone. @throws UsageError where another one writes it */
  static claim(path: string): RunDirectory {
    const run = RunDirectory.open(path);
    takeLock(path);
    return run;
  }

  /** An existing run, to be read. @throws UsageError where there is none */
  static open(path: string): RunDirectory {
    RunDirectory.checkFree(path, true);
    return new RunDirectory(path);
  }

  /** Lets another process write. */
  release(): void {
    releaseLock(this.path);
  }

  /** `runs/<recipe>-<n>` with the next free n. */
  static next(root: string, recipe: string): string {
    for (let n = 1; ; n++) {
      const path = join(root, `${recipe}-${n}`);
      if (!existsSync(path)) return path;
    }
  }

  writeInfo(info: RunInfo): void {
    writeAtomic(join(this.path, "run.json"), `${JSON.stringify(info, null, 2)}\n`);
  }

  readInfo(): RunInfo {
    const path = join(this.path, "run.json");
    try {
      return JSON.parse(readText(path)) as RunInfo;
    } catch (error) {
      throw new DataError(`${path}: not JSON; the run's folder is damaged`, { cause: error });
    }
  }

  writeText(name: "config.yaml" | "report.html", text: string): void {
    writeAtomic(join(this.path, name), text);
  }

  readConfig(): string {
    return readText(join(this.path, "config.yaml"));
  }

  appendMetrics(metrics: StepMetrics): void {
    appendDurable(join(this.path, "metrics.jsonl"), `${stringifyJson(metrics)}\n`);
    this.afterWrite({ kind: "step", metrics });
  }

  /** A step a line; a last line cut off by a kill is left out. */
  readMetrics(): StepMetrics[] {
    const path = join(this.path, "metrics.jsonl");
    if (!existsSync(path)) return [];
    return readText(path)
      .split("\n")
      .slice(0, -1)
      .map((line, i) => parseLine(path, i, line) as StepMetrics);
  }

  writeRollouts(step: number, records: Iterable<RolloutRecord>): void {
    writeAtomic(this.rolloutPath(step), eachLine(records));
  }

  readRollouts(step: number): RolloutRecord[] {
    return readLines(this.rolloutPath(step)).map(({ value }) => {
      const record = value as unknown as RolloutRecord;
      const { reward, rewardParts, advantage } = record;
      const numbers = plain({ reward, rewardParts, advantage }) as Pick<
        RolloutRecord,
        "reward" | "rewardParts" | "advantage"
      >;
      return { ...record, ...numbers };
    });
  }

  writeTokens(step: number, records: Iterable<TokenRecord>): void {
    writeAtomic(this.tokenPath(step), eachLine(records));
  }

  /** Empty where the run recorded none for the step. */
  readTokens(step: number): TokenRecord[] {
    const path = this.tokenPath(step);
    return existsSync(path) ? readLines(path).map(({ value }) => plain(value) as TokenRecord) : [];
  }

  rolloutSteps(): number[] {
    return stepsIn(join(this.path, "rollouts"), /^step-(\d+)\.jsonl$/);
  }

  /** The measures, and beside them each problem's own scores. */
  writeEvaluation(record: EvaluationRecord, samples: readonly EvaluationSample[]): void {
    writeAtomic(this.samplesPath(record.benchmark, record.step), toLines(samples));
    writeAtomic(this.evaluationPath(record.benchmark, record.step), `${JSON.stringify(record, null, 2)}\n`);
    this.afterWrite({ kind: "evaluation", record });
  }

  /** null where this evaluation was not made. */
  readEvaluation(benchmark: string, step: number): EvaluationRecord | null {
    const path = this.evaluationPath(benchmark, step);
    return existsSync(path) ? (JSON.parse(readText(path)) as EvaluationRecord) : null;
  }

  readEvaluationSamples(benchmark: string, step: number): EvaluationSample[] {
    const path = this.samplesPath(benchmark, step);
    // Numbers and texts of our own, no values of programs: comparisons read a million lines of them.
    return readText(path)
      .split("\n")
      .flatMap((line, i) => (line === "" ? [] : [parseLine(path, i, line) as EvaluationSample]));
  }

  evaluationSteps(benchmark: string): number[] {
    return stepsIn(join(this.path, "eval"), new RegExp(`^${benchmark}-step-(\\d+)\\.json$`));
  }

  async writeCheckpoint(step: number, fill: (folder: string) => Promise<void>): Promise<string> {
    const path = this.checkpointPath(step);
    await writeFolderAtomic(path, fill);
    return path;
  }

  /** Steps of complete checkpoints, in order. */
  checkpointSteps(): number[] {
    return stepsIn(join(this.path, "checkpoints"), /^step-(\d+)$/);
  }

  checkpointPath(step: number): string {
    return RunDirectory.checkpointOf(this.path, step);
  }

  /** Where the run in this folder has, or will have, the checkpoint of a step. */
  static checkpointOf(path: string, step: number): string {
    return join(path, "checkpoints", `step-${padded(step)}`);
  }

  removeCheckpoint(step: number): void {
    removeFolderAtomic(this.checkpointPath(step));
  }

  writeBest(best: BestCheckpoint): void {
    writeAtomic(join(this.path, BEST), `${JSON.stringify(best, null, 2)}\n`);
  }

  /** null where the config names no measure, or nothing was evaluated yet. */
  readBest(): BestCheckpoint | null {
    const path = join(this.path, BEST);
    return existsSync(path) ? (JSON.parse(readText(path)) as BestCheckpoint) : null;
  }

  /** Cuts back everything written after this step, so that it can be written again, and what a kill left half-written. */
  cutBackTo(step: number): void {
    const later = (steps: readonly number[]): number[] => steps.filter((other) => other > step);
    storing(this.path, () => {
      for (const folder of FOLDERS) sweepTemporary(join(this.path, folder));
      const metrics = this.readMetrics().filter((line) => line.step <= step);
      writeAtomic(join(this.path, "metrics.jsonl"), toLines(metrics));
      for (const other of later(this.rolloutSteps())) rmSync(this.rolloutPath(other));
      removeAfter(join(this.path, "tokens"), step);
      // Records first: where one is, its samples are.
      for (const folder of ["eval", join("eval", "samples")]) removeAfter(join(this.path, folder), step);
      for (const other of later(this.checkpointSteps())) this.removeCheckpoint(other);
    });
  }

  private rolloutPath(step: number): string {
    return join(this.path, "rollouts", `step-${padded(step)}.jsonl`);
  }

  private tokenPath(step: number): string {
    return join(this.path, "tokens", `step-${padded(step)}.jsonl`);
  }

  private samplesPath(benchmark: string, step: number): string {
    return join(this.path, "eval", "samples", `${benchmark}-step-${padded(step)}.jsonl`);
  }

  private evaluationPath(benchmark: string, step: number): string {
    return join(this.path, "eval", `${benchmark}-step-${padded(step)}.json`);
  }
}

function parseLine(path: string, index: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new DataError(`${path}:${index + 1}: not JSON; the run's folder is damaged`, { cause: error });
  }
}

/** Our own numbers are plain, with or without a point; tagged values keep their types. */
function plain(value: unknown): unknown {
  return JSON.parse(stringifyJson(value));
}

/** Whether these are what a process leaves that was killed before its run began; a folder of others has no lock. */
function isUnborn(names: readonly string[]): boolean {
  return (
    names.length === 0 || (names.includes(LOCK) && names.every((name) => name === LOCK || name.startsWith(CONFIG)))
  );
}

function removeAfter(folder: string, step: number): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    if (Number(/-step-(\d+)\.jsonl?$/.exec(name)?.[1] ?? 0) > step) rmSync(join(folder, name));
  }
}

function stepsIn(folder: string, pattern: RegExp): number[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const match = pattern.exec(name);
      return match ? [Number(match[1])] : [];
    })
    .sort((a, b) => a - b);
}
