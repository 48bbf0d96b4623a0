// `coderlplus judge`: verdicts for completions made elsewhere, written as they come, in the order of the file.

import { once } from "node:events";
import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { AtomicFile, ensureWritable } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { judgeInOrder } from "../judge/in-order.js";
import { verdictRecord } from "../judge/record.js";
import type { Judgement } from "../judge/verdict.js";
import { readProblems } from "../problems/problem.js";
import { type Candidate, type Candidates, openCandidates } from "./completions.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";
import { count, newTally, showProgress, summarise, summaryTable, type Tally } from "./tally.js";

interface Options extends SandboxFlags {
  readonly problems: string;
  readonly completions: string;
  readonly out?: string;
  readonly mode: "strict" | "official";
  readonly allTests?: boolean;
  readonly json?: boolean;
}

/** Candidates under way per interpreter: enough that one slow program holds up none of the others. */
const AHEAD = 64;

export function registerJudge(program: Command): void {
  withSandboxOptions(
    program
      .command("judge")
      .description("run completions against their problems' tests")
      .requiredOption("--problems <file>", "problems, one JSON object a line")
      .requiredOption("--completions <file>", "completions, one JSON object a line")
      .option("--out <file>", "write one verdict a line; - is standard output")
      .addOption(
        new Option("--mode <mode>", "official: run and compare as the published harness does")
          .choices(["strict", "official"])
          .default("strict"),
      )
      .option("--all-tests", "run the tests after the first failure too")
      .option("--json", "print the summary as JSON")
      .addHelpText(
        "after",
        "\nExample:\n  coderlplus judge --problems problems.jsonl --completions samples.jsonl --out verdicts.jsonl",
      )
      .action(judgeFiles),
  );
}

async function judgeFiles(options: Options): Promise<void> {
  const out = options.out === "/dev/stdout" ? "-" : options.out;
  if (out !== undefined && out !== "-") ensureWritable(out);
  const candidates = await openCandidates(options.completions, readProblems(options.problems));
  const started = performance.now();
  const file = out === undefined || out === "-" ? null : openOutput(out);
  let tally: Tally;
  try {
    tally = await judgeAll(candidates, options, async (line) => {
      if (file) file.write(line);
      else if (out === "-" && !process.stdout.write(line)) await once(process.stdout, "drain");
    });
  } catch (error) {
    file?.abandon();
    throw error;
  }
  file?.commit();
  const summary = summarise(tally, (performance.now() - started) / 1000);
  if (options.json) process.stdout.write(`${stringifyJson(summary)}\n`);
  // Where the verdicts themselves go to standard output, a table would be in their way.
  else (out === "-" ? process.stderr : process.stdout).write(summaryTable(summary));
  if (summary.counts["infrastructure"]) process.exitCode = 1;
}

async function judgeAll(
  { each, total }: Candidates,
  { mode, allTests, ...flags }: Options,
  write: (line: string) => Promise<void>,
): Promise<Tally> {
  const { workers = availableParallelism() } = flags;
  const sandbox = await openSandboxWith(flags);
  const tally = newTally();
  try {
    for await (const { candidate, judgement } of judgeInOrder(sandbox, each, {
      mode,
      allTests,
      ahead: AHEAD * workers,
    })) {
      await write(`${stringifyJson(recordOf(candidate, judgement))}\n`);
      count(tally, judgement);
      if (judgement.verdict.kind === "infrastructure" && tally.counts["infrastructure"] === 1) {
        process.stderr.write(`coderlplus: infrastructure: ${judgement.verdict.message}\n`);
      }
      showProgress(tally, total, process.stderr);
    }
  } finally {
    await sandbox.close();
  }
  return tally;
}

/** Taken away again where the command is stopped half way. */
function openOutput(path: string): AtomicFile {
  const file = new AtomicFile(path);
  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    process.once(signal, () => {
      file.abandon();
      process.exit(code);
    });
  }
  return file;
}

function recordOf({ problem, index, metadata }: Candidate, judgement: Judgement): object {
  return verdictRecord({ problem: problem.id, index, metadata }, judgement);
}
