// `data`: makes, proves and counts files of problems. Parses flags, calls one function, reports.

import { mkdirSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { DataError, InfrastructureError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { toLines } from "../core/jsonl.js";
import { judge } from "../judge/judge.js";
import { generateFamily } from "../problems/family/family.js";
import type { Split, Subset } from "../problems/family/task.js";
import type { Problem } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { registerDataCheck } from "./data-check.js";
import { registerDataConvert } from "./data-convert.js";
import { registerDataFetch } from "./data-fetch.js";
import { registerDataStats } from "./data-stats.js";
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
  registerDataConvert(data);
  registerDataStats(data);
  registerDataCheck(data);
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
  const sandbox = await openSandbox();
  try {
    await confirm(sandbox, problems);
  } finally {
    await sandbox.close();
  }
  const lines = toLines(problems);
  if (options.out === "-") process.stdout.write(lines);
  else writeAtomic(options.out, lines);
  const { count, seed, split, subset, out } = options;
  const compositions = new Set(problems.map(({ metadata }) => metadata.composition)).size;
  if (options.json === true) console.log(stringifyJson({ count, seed, split, subset, compositions, out }));
  else
    console.error(
      `${count} ${split} problems (${subset}) of ${compositions} compositions${out === "-" ? "" : ` in ${out}`}`,
    );
}

/** @throws InfrastructureError where a real run disagrees with the evaluator that drew the tests, or cannot be had */
async function confirm(sandbox: Sandbox, problems: readonly Problem[]): Promise<void> {
  const judgements = await Promise.all(problems.map((problem) => judge(sandbox, problem, problem.reference ?? "")));
  for (const [index, { verdict, tests }] of judgements.entries()) {
    if (verdict.kind === "passed") continue;
    const found = stringifyJson(tests.find(({ kind }) => kind !== "passed") ?? verdict);
    throw new InfrastructureError(
      `a reference of the family does not pass its own tests when it is run: found ${found}; expected "passed". ` +
        `Nothing was written. Either the sandbox failed or the evaluator is wrong; the program:\n${problems[index].reference}`,
    );
  }
}
