// `coderlplus judge`: verdicts for completions made elsewhere.

import type { Command } from "commander";
import { z } from "zod";
import { DataError, UsageError } from "../core/errors.js";
import { writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { readLines } from "../core/jsonl.js";
import { quantile } from "../core/maths.js";
import { explain, number, suggestion } from "../core/schema.js";
import { judge } from "../judge/judge.js";
import type { Judgement } from "../judge/verdict.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { extractProgram } from "../prompts/extract.js";
import { openSandbox } from "../sandbox/sandbox.js";

const completionSchema = z
  .strictObject({
    problem: z.string(),
    completion: z.string().optional(),
    program: z.string().optional(),
    continuesPrompt: z.boolean().optional(),
    index: number().optional(),
    metadata: z.unknown().optional(),
  })
  .refine((row) => (row.completion === undefined) !== (row.program === undefined), {
    message: 'expected either "completion" or "program"',
  });

interface Candidate {
  readonly problem: Problem;
  /** Counts the completions of one problem, in input order. */
  readonly index: number;
  readonly program: string | null;
}

interface Options {
  readonly problems: string;
  readonly completions: string;
  readonly out?: string;
  readonly workers?: string;
  readonly mode: string;
  readonly json?: boolean;
}

export function registerJudge(program: Command): void {
  program
    .command("judge")
    .description("run completions against their problems' tests")
    .requiredOption("--problems <file>", "problems, one JSON object a line")
    .requiredOption("--completions <file>", "completions, one JSON object a line")
    .option("--out <file>", "write one verdict a line; - is standard output")
    .option("--workers <n>", "interpreter threads")
    .option("--mode <mode>", "strict or official (comparison as in the published harness)", "strict")
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus judge --problems problems.jsonl --completions samples.jsonl --out verdicts.jsonl",
    )
    .action(judgeFiles);
}

async function judgeFiles(options: Options): Promise<void> {
  const mode = parseMode(options.mode);
  const workers = options.workers === undefined ? undefined : parseCount("--workers", options.workers);
  const candidates = readCandidates(options.completions, readProblems(options.problems));
  const started = performance.now();
  const sandbox = await openSandbox({ workers });
  let judgements: Judgement[];
  try {
    judgements = await Promise.all(
      candidates.map(({ problem, program }) => judge(sandbox, problem, program, { mode })),
    );
  } finally {
    await sandbox.close();
  }
  const seconds = (performance.now() - started) / 1000;
  const lines = candidates.map((candidate, at) => `${stringifyJson(toRow(candidate, judgements[at]))}\n`).join("");
  if (options.out === "-") process.stdout.write(lines);
  else if (options.out !== undefined) writeAtomic(options.out, lines);
  report(summarise(judgements, seconds), options);
  if (judgements.some(({ verdict }) => verdict.kind === "infrastructure")) process.exitCode = 1;
}

function parseMode(mode: string): "strict" | "official" {
  if (mode === "strict" || mode === "official") return mode;
  throw new UsageError(`--mode ${mode}: expected strict or official`);
}

function parseCount(flag: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(`${flag} ${text}: expected a whole number above 0`);
}

/** Everything is checked before anything runs. @throws DataError naming file and line */
function readCandidates(path: string, problems: readonly Problem[]): Candidate[] {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  const counts = new Map<string, number>();
  return readLines(path).map(({ number, value }) => {
    const row = completionSchema.safeParse(value);
    if (!row.success) throw new DataError(`${path}:${number}: ${explain(row.error, value, completionSchema)}`);
    const problem = byId.get(row.data.problem);
    if (!problem) {
      const hint = suggestion(row.data.problem, [...byId.keys()].slice(0, 1000));
      throw new DataError(
        `${path}:${number}: problem: no problem has the id "${row.data.problem}"${hint.slice(0, 200)}`,
      );
    }
    const index = counts.get(problem.id) ?? 0;
    counts.set(problem.id, index + 1);
    return { problem, index, program: programOf(row.data, problem) };
  });
}

function programOf(row: z.output<typeof completionSchema>, problem: Problem): string | null {
  if (row.program !== undefined) return row.program;
  const completion = row.completion ?? "";
  if (row.continuesPrompt) return (problem.starterCode ?? problem.prompt) + completion;
  return extractProgram(completion);
}

function toRow({ problem, index }: Candidate, judgement: Judgement): object {
  const { programSha256, verdict, tests, engine, cpuMs, protection } = judgement;
  return { problem: problem.id, index, programSha256, verdict, tests, engine, cpuMs, protection };
}

interface Summary {
  readonly total: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly programsPerSecond: number;
  readonly cpuMsP50: number | null;
  readonly cpuMsP99: number | null;
}

function summarise(judgements: readonly Judgement[], seconds: number): Summary {
  const counts: Record<string, number> = { passed: 0, failed: 0, unparsable: 0, infrastructure: 0 };
  const reasons: Record<string, number> = {};
  for (const { verdict } of judgements) {
    counts[verdict.kind] = (counts[verdict.kind] ?? 0) + 1;
    if (verdict.kind === "failed") reasons[verdict.reason] = (reasons[verdict.reason] ?? 0) + 1;
  }
  const times = judgements.map(({ cpuMs }) => cpuMs);
  const at = (q: number): number | null => (times.length === 0 ? null : round(quantile(times, q)));
  return {
    total: judgements.length,
    counts,
    reasons,
    programsPerSecond: round(judgements.length / seconds),
    cpuMsP50: at(0.5),
    cpuMsP99: at(0.99),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Where the verdicts themselves go to standard output, a table would be in their way. */
function report(summary: Summary, options: Options): void {
  if (options.json) {
    process.stdout.write(`${stringifyJson(summary)}\n`);
    return;
  }
  const rows: Array<readonly [string, string]> = [
    ...Object.entries(summary.counts).map(([kind, count]) => [kind, String(count)] as const),
    ...Object.entries(summary.reasons).map(([reason, count]) => [`  ${reason}`, String(count)] as const),
    ["programs / s", String(summary.programsPerSecond)],
    ["CPU ms, p50", String(summary.cpuMsP50 ?? "-")],
    ["CPU ms, p99", String(summary.cpuMsP99 ?? "-")],
  ];
  const table = rows.map(([name, value]) => `${name.padEnd(18)}${value.padStart(10)}\n`).join("");
  (options.out === "-" ? process.stderr : process.stdout).write(table);
}
