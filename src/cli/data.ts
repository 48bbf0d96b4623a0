// `data`: makes, proves and counts files of problems. Parses flags, calls one function, reports.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import pc from "picocolors";
import { DataError, InfrastructureError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { toLines } from "../core/jsonl.js";
import { type Check, checkProblems, type ProgramRunner } from "../eval/data-check.js";
import { dataStats } from "../eval/data-stats.js";
import { judge } from "../judge/judge.js";
import { generateFamily } from "../problems/family/family.js";
import type { Split, Subset } from "../problems/family/task.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { openSandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { registerDataConvert } from "./data-convert.js";
import { registerDataFetch } from "./data-fetch.js";
import { registerDemonstrate } from "./demonstrate.js";
import { natural, positive, share } from "./numbers.js";

export function registerData(program: Command): void {
  const data = program
    .command("data")
    .description("fetch, make, prove and count files of problems")
    .addHelpText("after", "\nExample:\n  coderlplus data check problems.jsonl");
  data
    .command("generate")
    .description("problems of the bundled family; every expected value is confirmed by running the reference")
    .option("--count <n>", "problems to make", positive, 600)
    .option("--seed <n>", "the same seed gives the same problems", natural, 0)
    .addOption(
      new Option("--split <split>", "the splits share no composition").choices(["train", "held-out"]).default("train"),
    )
    .addOption(
      new Option("--subset <subset>", "31 measured operations, or all").choices(["core", "full"]).default("core"),
    )
    .option("--vague <p>", "probability that a step is worded vaguely", share)
    .option("--out <file>", "where to write; - is standard output", "-")
    .option("--json", "print a summary as one JSON object (needs --out FILE)")
    .addHelpText("after", "\nExample:\n  coderlplus data generate --count 600 --split held-out --out held-out.jsonl")
    .action(generate);
  registerDataFetch(data);
  data
    .command("check")
    .description("prove that references pass and differ, hidden tests separate them, and splits share nothing")
    .argument("<files...>", "JSONL files of problems")
    .option("--json", "print the result as one JSON object")
    .addHelpText("after", "\nExample:\n  coderlplus data check train.jsonl held-out.jsonl")
    .action(check);
  data
    .command("stats")
    .description("count problems by style, split, composition and tests")
    .argument("<file>", "JSONL file of problems")
    .option("--json", "print the counts as one JSON object")
    .addHelpText("after", "\nExample:\n  coderlplus data stats train.jsonl")
    .action(stats);
  registerDataConvert(data);
  registerDemonstrate(data);
}

interface GenerateOptions {
  readonly count: number;
  readonly seed: number;
  readonly split: Split;
  readonly subset: Subset;
  readonly vague?: number;
  readonly out: string;
  readonly json?: boolean;
}

async function generate(options: GenerateOptions): Promise<void> {
  if (options.json === true && options.out === "-") {
    throw new DataError("--json prints a summary on standard output, where the problems go: add --out FILE");
  }
  if (options.out !== "-") {
    mkdirSync(dirname(resolve(options.out)), { recursive: true });
    ensureWritable(options.out);
  }
  const problems = generateFamily(options);
  await withRunner(async (runner) => confirm(runner, problems));
  const lines = toLines(problems);
  if (options.out === "-") process.stdout.write(lines);
  else writeAtomic(options.out, lines);
  const { count, seed, split, subset, out } = options;
  const { compositions } = dataStats(problems);
  if (options.json === true) console.log(stringifyJson({ count, seed, split, subset, compositions, out }));
  else
    console.error(
      `${count} ${split} problems (${subset}) of ${compositions} compositions${out === "-" ? "" : ` in ${out}`}`,
    );
}

/** @throws InfrastructureError where a real run disagrees with the evaluator that drew the tests, or cannot be had */
async function confirm(runner: ProgramRunner, problems: readonly Problem[]): Promise<void> {
  const judgements = await Promise.all(problems.map((problem) => runner.judge(problem, problem.reference ?? "")));
  for (const [index, { verdict, tests }] of judgements.entries()) {
    if (verdict.kind === "passed") continue;
    const found = stringifyJson(tests.find(({ kind }) => kind !== "passed") ?? verdict);
    throw new InfrastructureError(
      `a reference of the family does not pass its own tests when it is run: found ${found}; expected "passed". ` +
        `Nothing was written. Either the sandbox failed or the evaluator is wrong; the program:\n${problems[index].reference}`,
    );
  }
}

async function withRunner<Result>(work: (runner: ProgramRunner) => Promise<Result>): Promise<Result> {
  const sandbox = await openSandbox();
  try {
    return await work({
      judge: (problem, source) => judge(sandbox, problem, source),
      trace: (source, input) => trace(sandbox, source, input),
    });
  } finally {
    await sandbox.close();
  }
}

const SHOWN_FAILURES = 5;

async function check(files: readonly string[], options: { readonly json?: boolean }): Promise<void> {
  const problems = files.flatMap((file) => readProblems(file));
  const onProgress = process.stderr.isTTY ? progress : undefined;
  const checks = await withRunner((runner) => checkProblems(runner, problems, onProgress ? { onProgress } : {}));
  const ok = checks.every(({ failures }) => failures.length === 0);
  if (options.json === true) console.log(stringifyJson({ ok, problems: problems.length, checks }));
  else for (const line of checks.flatMap(report)) console.log(line);
  if (!ok) process.exitCode = 1;
}

function progress(done: number, total: number, what: Check["name"]): void {
  process.stderr.write(done === total ? "\r\u001B[K" : `\r${what}: ${done} of ${total}`);
}

function report({ name, checked, failures }: Check): string[] {
  const mark = failures.length === 0 ? pc.green("ok  ") : pc.red("FAIL");
  const rest = failures.length - SHOWN_FAILURES;
  return [
    `${mark}  ${name.padEnd(22)} ${String(checked).padStart(6)} checked  ${String(failures.length).padStart(5)} failed`,
    ...failures.slice(0, SHOWN_FAILURES).map((failure) => `      ${failure}`),
    ...(rest > 0 ? [`      and ${rest} more; --json lists all`] : []),
  ];
}

function stats(file: string, options: { readonly json?: boolean }): void {
  const counted = dataStats(readProblems(file));
  if (options.json === true) {
    console.log(stringifyJson({ file, ...counted }));
    return;
  }
  for (const [name, value] of Object.entries(counted)) {
    const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).padEnd(24);
    if (typeof value === "number") console.log(`${words}${Math.round(value * 10) / 10}`);
    else
      console.log(
        `${words}${Object.entries(value as Record<string, number>)
          .map(([key, count]) => `${key} ${count}`)
          .join(", ")}`,
      );
  }
}
