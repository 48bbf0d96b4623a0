// `coderlplus study`: a grid of variants and seeds, run to its end or on from where it was killed, and one table.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import { suggestion } from "../core/schema.js";
import { moduleArguments } from "../core/worker.js";
import { differenceRows, valueRows } from "../runs/comparison-tables.js";
import { sharedEvaluations } from "../train/study/evaluations.js";
import { studyFile } from "../train/study/file.js";
import { type Job, type Plan, readPlan } from "../train/study/plan.js";
import { LEGEND, seedsText, swapRows, writeResults } from "../train/study/report.js";
import { resultsOf, type StudyResults } from "../train/study/results.js";
import { isOverBudget, type JobResult, runJobs, settleChanges, type VerbResult } from "../train/study/runner.js";
import { swapCheckers } from "../train/study/swap.js";
import { Times } from "../train/study/times.js";
import { positive } from "./numbers.js";
import { stopOnRequest } from "./stopping.js";
import { dryRunText, StudyProgress } from "./study-progress.js";
import { fittingTable } from "./table.js";

interface Flags {
  readonly only?: readonly string[];
  readonly seeds?: readonly string[];
  readonly set: readonly string[];
  readonly out?: string;
  readonly jobs: number;
  readonly fresh?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Of what a process says before it dies: where it was, not what went wrong. */
const NO_MESSAGE = /^\s*$|^\s+at |^Node\.js v/;

export function registerStudy(program: Command): void {
  program
    .command("study")
    .description("run a study's variants under all its seeds, resumable, and compare them in one table")
    .argument("<study>", "a study file (.yaml), or the name of one that ships with the package, such as first")
    .option("--only <variant...>", "run these variants only; the table shows all that have finished")
    .option("--seeds <n...>", "run these of the study's seeds only")
    .option(
      "--set <key=value>",
      "change one key of every training's config (of sft: with sft: before it); may be repeated",
      collected,
      [],
    )
    .option("--out <folder>", "where everything is written (default: runs/studies/<name>)")
    .option("--jobs <n>", "trainings at once", positive, 1)
    .option("--fresh", "make again what was made from another file or other data")
    .option("--dry-run", "list what would be run and how long it would take, and stop")
    .option("--json", "print the results as one JSON object")
    .addHelpText("after", "\nExample:\n  coderlplus study studies/first.yaml --seeds 0 1")
    .action(runStudy);
}

function collected(value: string, all: string[]): string[] {
  return [...all, value];
}

async function runStudy(file: string, flags: Flags): Promise<void> {
  const plan = readPlan(studyFile(file), {
    settings: flags.set,
    only: flags.only,
    ...(flags.out === undefined ? {} : { folder: flags.out }),
  });
  const jobs = selected(plan, flags);
  const leaveOut = (reason: string): unknown => process.stderr.write(`not asked for, and left out: ${reason}\n`);
  plan.unusable.forEach(leaveOut);
  const times = new Times(plan.folder);
  if (flags.dryRun) {
    process.stdout.write(dryRunText(plan, jobs, times, flags.json ?? false));
    return;
  }
  settleChanges(plan, flags.fresh ?? false, jobs).forEach(leaveOut);
  const progress = new StudyProgress(plan, jobs, flags.json ? process.stderr : process.stdout);
  const outcomes = await runUntilStopped(plan, jobs, flags.jobs, times, progress);
  const isWhole = outcomes.every(({ kind }) => kind !== "left");
  const swap = isWhole ? await swapCheckers(plan, (text) => progress.line(text)) : [];
  const results = resultsOf(plan, swap);
  if (results) writeResults(plan.folder, results);
  const failed = outcomes.filter((outcome) => outcome.kind === "failed");
  if (failed.length > 0) process.exitCode = 1;
  const budget = isOverBudget(plan, times) ? `; its budget of ${plan.study.budget?.minutes} minutes is used up` : "";
  process.stdout.write(flags.json ? jsonText(plan, results, outcomes) : closingText(plan, results, outcomes, budget));
}

/** @throws UsageError for a variant or a seed that the study does not have */
function selected({ study, jobs }: Plan, { only, seeds }: Flags): Job[] {
  const names = Object.keys(study.variants);
  const stranger = only?.find((name) => !names.includes(name));
  if (stranger !== undefined) {
    throw new UsageError(`--only ${stranger}: there is no such variant in this study${suggestion(stranger, names)}`);
  }
  const wanted = seeds?.map((seed) => {
    if (study.seeds.includes(Number(seed))) return Number(seed);
    throw new UsageError(`--seeds ${seed}: this study has the seeds ${study.seeds.join(", ")}`);
  });
  return jobs.filter(({ variant, seed }) => (only?.includes(variant) ?? true) && (wanted?.includes(seed) ?? true));
}

async function runUntilStopped(
  plan: Plan,
  jobs: readonly Job[],
  parallel: number,
  times: Times,
  report: StudyProgress,
): Promise<JobResult[]> {
  const { signal, release } = stopOnRequest(() =>
    report.line("stopping after the step under way; press Ctrl-C again to stop at once"),
  );
  const shared = sharedEvaluations(join(plan.folder, "evaluations"));
  const verb = (args: readonly string[], onLine: (line: string) => void): Promise<VerbResult> =>
    runVerb(args, onLine, signal);
  try {
    return await runJobs(plan, jobs, parallel, { verb, shared, times, report, signal });
  } finally {
    release();
    report.end();
  }
}

/** Runs the command itself; when this process dies the other one ends at its next line, for want of a reader. */
async function runVerb(
  args: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<VerbResult> {
  const main = moduleArguments(new URL("./main.js", import.meta.url));
  const child = spawn(process.execPath, [...main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const interrupt = (): void => void child.kill("SIGINT");
  signal.addEventListener("abort", interrupt);
  let message = "";
  createInterface({ input: child.stdout }).on("line", onLine);
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!NO_MESSAGE.test(line)) message = line.replace(/^coderlplus: /, "");
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", interrupt);
      const how = killedBy === null ? `ended with exit code ${code}` : `was killed (${killedBy})`;
      resolve({ exitCode: code ?? 1, message: message === "" ? `coderlplus ${args[0]} ${how}` : message });
    });
  });
}

function jsonText(plan: Plan, results: StudyResults | null, outcomes: readonly JobResult[]): string {
  const jobs = outcomes.map((outcome) => {
    const { variant, seed } = outcome.job;
    return { variant, seed, status: outcome.kind, ...(outcome.kind === "failed" ? { message: outcome.message } : {}) };
  });
  return `${JSON.stringify({ folder: plan.folder, jobs, results })}\n`;
}

function closingText(plan: Plan, results: StudyResults | null, outcomes: readonly JobResult[], budget: string): string {
  const left = outcomes.filter(({ kind }) => kind === "left").length;
  const failures = outcomes.flatMap((outcome) =>
    outcome.kind === "failed" ? [`failed: ${outcome.task}: ${outcome.message}`] : [],
  );
  const table = results && [
    "",
    fittingTable(valueRows(results.comparison)),
    "",
    fittingTable(differenceRows(results.comparison)),
    "",
    LEGEND,
    ...(results.swap.length === 0 ? [] : ["", fittingTable(swapRows(results)), ""]),
    seedsText(results),
    `results: ${join(plan.folder, "results.md")}, .csv, .json, .html`,
  ];
  const rest = left === 0 ? [] : [`${left} of ${outcomes.length} left${budget}: the same command goes on`];
  return `${[...(table ?? ["no run has finished yet"]), ...rest, ...failures].join("\n")}\n`;
}
