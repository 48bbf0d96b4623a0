// `coderlplus align`: alignment examples from problems and completions made elsewhere, as data for any trainer.

import { type Command, Option } from "commander";
import { dropReasons, type Funnel } from "../alignment/example.js";
import { AlignmentPool } from "../alignment/pool.js";
import { type Candidate, passedTests, type RecycleOptions, recycle, sources } from "../alignment/recycle.js";
import { selections } from "../alignment/select.js";
import { targets } from "../alignment/target.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { toLines } from "../core/jsonl.js";
import { judge } from "../judge/judge.js";
import { type Problem, type ProgramInput, readProblems } from "../problems/problem.js";
import { chat } from "../prompts/chat.js";
import { continuation } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";
import type { HistoryPart } from "../tracer/history.js";
import { trace } from "../tracer/tracer.js";
import { readCandidates } from "./completions.js";
import { natural, positive } from "./numbers.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";
import { textTable } from "./table.js";

interface Options
  extends SandboxFlags,
    Pick<
      RecycleOptions,
      "target" | "source" | "passedTests" | "selection" | "maximumVariables" | "minimumComplexity" | "maximumComplexity"
    > {
  readonly problems: string;
  readonly completions: string;
  readonly out?: string;
  readonly includeRaised?: boolean;
  readonly dialect: keyof typeof dialects;
  readonly seed: number;
  readonly mode: "strict" | "official";
  readonly determinismCheck: boolean;
  readonly json?: boolean;
}

/** A chat prompt is the text of the one message: the model's own template is the trainer's to apply. */
const dialects = {
  chat: chat((messages) => messages.map(({ content }) => content).join("\n\n")),
  continuation,
} satisfies Record<string, Dialect>;

export function registerAlign(program: Command): void {
  withSandboxOptions(
    program
      .command("align")
      .description("turn failed programs into questions about the final values of their variables")
      .requiredOption("--problems <file>", "problems, one JSON object a line")
      .requiredOption("--completions <file>", "completions, one JSON object a line")
      .option("--out <file>", "write one alignment example a line; - is standard output")
      .addOption(
        new Option("--target <what>", "what to ask of a program's run (docs/targets.md)")
          .choices(targets)
          .default("finalValues"),
      )
      .addOption(new Option("--source <which>", "programs to recycle").choices(sources).default("failed"))
      .addOption(
        new Option("--passed-tests <which>", "failed programs that pass some tests, or none")
          .choices(passedTests)
          .default("any"),
      )
      .addOption(new Option("--selection <how>", "variables to ask").choices(selections).default("lastAssigned"))
      .option("--maximum-variables <n>", "ask at most this many; --selection all ignores it", positive, 3)
      .option("--minimum-complexity <n>", "least cyclomatic complexity of a program", natural, 0)
      .option("--maximum-complexity <n>", "greatest cyclomatic complexity of a program", positive, 100)
      .option("--include-raised", "keep programs that end by an exception: values so far, and its type as the output")
      .addOption(
        new Option("--dialect <name>", "how the question is put").choices(Object.keys(dialects)).default("chat"),
      )
      .option("--seed <n>", "what --selection random draws by", natural, 0)
      .addOption(
        new Option("--mode <mode>", "official: comparison as in the published harness")
          .choices(["strict", "official"])
          .default("strict"),
      )
      .option("--no-determinism-check", "do not run programs again with another hash seed, clock and random bytes")
      .option("--json", "print the funnel as JSON")
      .addHelpText(
        "after",
        "\nExample:\n  coderlplus align --problems problems.jsonl --completions samples.jsonl --out alignment.jsonl",
      )
      .action(alignFiles),
  );
}

async function alignFiles(options: Options): Promise<void> {
  const out = options.out === "/dev/stdout" ? "-" : options.out;
  if (out !== undefined && out !== "-") ensureWritable(out);
  const completions = readCandidates(options.completions, readProblems(options.problems));
  const { mode, determinismCheck, seed } = options;
  const allTests = options.passedTests !== "any";
  const sandbox = await openSandboxWith(options);
  try {
    const candidates = await Promise.all(
      completions.map(async ({ problem, program }): Promise<Candidate> => {
        return { problem, program, judgement: await judge(sandbox, problem, program, { mode, allTests }) };
      }),
    );
    const tools = {
      dialect: dialects[options.dialect],
      // No model, no tokens: how long a prompt or an answer may be is the trainer's to say.
      countTokens: () => 0,
      trace: (
        program: string,
        input: ProgramInput,
        { language, limits, preamble, files }: Problem,
        history?: readonly HistoryPart[],
      ) => trace(sandbox, program, input, { language, limits, preamble, files, determinismCheck, history }),
    };
    const noPool = new AlignmentPool({ capacity: 0, sampling: "recent" });
    const { examples, funnel } = await recycle(candidates, recyclingOf(options), noPool, tools, 0, seed);
    if (out === "-") process.stdout.write(toLines(examples));
    else if (out !== undefined) writeAtomic(out, toLines(examples));
    report(funnel, { json: options.json === true, linesOnStdout: out === "-" });
    if (funnel.dropped.infrastructure > 0) process.exitCode = 1;
  } finally {
    await sandbox.close();
  }
}

function recyclingOf(options: Options): RecycleOptions {
  const { source, selection, maximumVariables, minimumComplexity, maximumComplexity } = options;
  return {
    target: options.target,
    source,
    passedTests: options.passedTests,
    selection,
    maximumVariables,
    minimumComplexity,
    maximumComplexity,
    includeRaised: options.includeRaised === true,
    maximumPromptTokens: Number.POSITIVE_INFINITY,
    maximumAnswerTokens: Number.POSITIVE_INFINITY,
    maximumPerStep: null,
  };
}

/** Where the examples themselves go to standard output, a table would be in their way. */
function report(funnel: Funnel, to: { readonly json: boolean; readonly linesOnStdout: boolean }): void {
  if (to.json) {
    process.stdout.write(`${stringifyJson(funnel)}\n`);
    return;
  }
  const dropped = dropReasons.filter((reason) => funnel.dropped[reason] > 0);
  const rows = [
    ["", "programs"],
    ["candidates", String(funnel.candidates)],
    ...dropped.map((reason) => [`  ${reason}`, String(funnel.dropped[reason])]),
    ["kept", String(funnel.kept)],
  ];
  (to.linesOnStdout ? process.stderr : process.stdout).write(`${textTable(rows)}\n`);
}
