// `coderlplus judge`: verdicts for completions made elsewhere.

import { type Command, Option } from "commander";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { quantile } from "../core/maths.js";
import { judge } from "../judge/judge.js";
import type { Judgement } from "../judge/verdict.js";
import { readProblems } from "../problems/problem.js";
import { type EngineChoice, engineChoices } from "../sandbox/native/choice.js";
import { openSandbox } from "../sandbox/sandbox.js";
import { type Candidate, readCandidates } from "./completions.js";
import { positive } from "./numbers.js";

interface Options {
  readonly problems: string;
  readonly completions: string;
  readonly out?: string;
  readonly workers?: number;
  readonly mode: "strict" | "official";
  readonly engine: EngineChoice;
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
    .addOption(
      new Option("--engine <engine>", "native: Python of this machine, closed in; auto: that for heavy programs")
        .choices(engineChoices)
        .default("wasm"),
    )
    .option("--json", "print the summary as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  coderlplus judge --problems problems.jsonl --completions samples.jsonl --out verdicts.jsonl",
    )
    .action(judgeFiles);
}

async function judgeFiles(options: Options): Promise<void> {
  const { mode, workers, engine } = options;
  const out = options.out === "/dev/stdout" ? "-" : options.out;
  if (out !== undefined && out !== "-") ensureWritable(out);
  const candidates = readCandidates(options.completions, readProblems(options.problems));
  const started = performance.now();
  const onNotice = (text: string): void => void process.stderr.write(`coderlplus: ${text}\n`);
  const sandbox = await openSandbox({ workers, engine, onNotice });
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
