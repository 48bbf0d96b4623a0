// `coderlplus judge`: verdicts for completions made elsewhere.

import { type Command, Option } from "commander";
import { DataError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { readRecords } from "../core/jsonl.js";
import { quantile } from "../core/maths.js";
import { suggestion } from "../core/schema.js";
import { judge } from "../judge/judge.js";
import type { Judgement } from "../judge/verdict.js";
import { type Completion, completionSchema } from "../problems/completion.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { extractProgram } from "../prompts/extract.js";
import { openSandbox } from "../sandbox/sandbox.js";
import { positive } from "./numbers.js";

interface Candidate {
  readonly problem: Problem;
  /** Counts the completions of one problem, in input order. */
  readonly index: number;
  readonly program: string | null;
  readonly metadata: unknown;
}

interface Options {
  readonly problems: string;
  readonly completions: string;
  readonly out?: string;
  readonly workers?: number;
  readonly mode: "strict" | "official";
  readonly json?: boolean;
}

export function registerJudge(program: Command): void {
  program
    .command("judge")
    .description("run completions against their problems' tests")
    .requiredOption("--problems <file>", "problems, one JSON object a line")
    .requiredOption("--completions <file>", "completions, one JSON object a line")
    .option("--out <file>", "write one verdict a line; - is standard output")
    .option("--workers <n>", "interpreter threads", positive)
    .addOption(
      new Option("--mode <mode>", "official: comparison as in the published harness")
        .choices(["strict", "official"])
        .default("strict"),
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus judge --problems problems.jsonl --completions samples.jsonl --out verdicts.jsonl",
    )
    .action(judgeFiles);
}

async function judgeFiles(options: Options): Promise<void> {
  const { mode, workers } = options;
  const out = options.out === "/dev/stdout" ? "-" : options.out;
  if (out !== undefined && out !== "-") ensureWritable(out);
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
  if (out === "-") process.stdout.write(lines);
  else if (out !== undefined) writeAtomic(out, lines);
  report(summarise(judgements, seconds), { json: options.json === true, linesOnStdout: out === "-" });
  if (judgements.some(({ verdict }) => verdict.kind === "infrastructure")) process.exitCode = 1;
}

/** Everything is checked before anything runs. @throws DataError naming file and line */
function readCandidates(path: string, problems: readonly Problem[]): Candidate[] {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  const counts = new Map<string, number>();
  return readRecords(path, completionSchema).map(({ line, record }) => {
    const problem = byId.get(record.problem);
    if (!problem) {
      const hint = suggestion(record.problem, [...byId.keys()].slice(0, 1000));
      throw new DataError(`${path}:${line}: problem: no problem has the id "${record.problem}"${hint.slice(0, 200)}`);
    }
    const index = counts.get(problem.id) ?? 0;
    counts.set(problem.id, index + 1);
    return { problem, index, program: programOf(record, problem), metadata: record.metadata };
  });
}

function programOf(row: Completion, problem: Problem): string | null {
  if (row.program !== undefined) return row.program;
  const completion = row.completion ?? "";
  if (row.continuesPrompt) return (problem.starterCode ?? problem.prompt) + completion;
  return extractProgram(completion, problem.language);
}

function toRow({ problem, index, metadata }: Candidate, judgement: Judgement): object {
  const { programSha256, verdict, tests, engine, cpuMs, protection } = judgement;
  return { problem: problem.id, index, programSha256, verdict, tests, engine, cpuMs, protection, metadata };
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
function report(summary: Summary, to: { readonly json: boolean; readonly linesOnStdout: boolean }): void {
  if (to.json) {
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
  (to.linesOnStdout ? process.stderr : process.stdout).write(table);
}
