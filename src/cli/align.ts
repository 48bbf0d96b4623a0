// `coderlplus align`: alignment examples from problems and completions made elsewhere, as data for any trainer.

import { type Command, Option } from "commander";
import type { BuildTools } from "../alignment/build.js";
import { type AlignmentExample, dropReasons, type Funnel } from "../alignment/example.js";
import { AlignmentPool } from "../alignment/pool.js";
import { type Candidate, passedTests, type RecycleOptions, recycle, sources } from "../alignment/recycle.js";
import { fromReferences, hasReference } from "../alignment/references.js";
import { selections } from "../alignment/select.js";
import { targets } from "../alignment/target.js";
import { UsageError } from "../core/errors.js";
import { ensureWritable, writeAtomic } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import { toLines } from "../core/jsonl.js";
import { judge } from "../judge/judge.js";
import { type Problem, readProblems } from "../problems/problem.js";
import { heldProblems } from "../problems/problem-set.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { type Candidate as CompletedProgram, readCandidates } from "./completions.js";
import { natural, positive } from "./numbers.js";
import { plainDialects } from "./plain-dialects.js";
import { openSandboxWith, type SandboxFlags, withSandboxOptions } from "./sandbox-options.js";
import { textTable } from "./table.js";

interface Options
  extends SandboxFlags,
    Pick<
      RecycleOptions,
      "target" | "source" | "passedTests" | "selection" | "maximumVariables" | "minimumComplexity" | "maximumComplexity"
    > {
  readonly problems: string;
  readonly completions?: string;
  readonly out?: string;
  readonly includeRaised?: boolean;
  readonly dialect: keyof typeof plainDialects;
  readonly seed: number;
  readonly mode: "strict" | "official";
  readonly determinismCheck: boolean;
  readonly json?: boolean;
}

export function registerAlign(program: Command): void {
  withSandboxOptions(
    program
      .command("align")
      .description("turn failed programs into questions about what happens when they run")
      .requiredOption("--problems <file>", "problems, one JSON object a line")
      .option("--completions <file>", "completions, one JSON object a line; --source references needs none")
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
        new Option("--dialect <name>", "how the question is put").choices(Object.keys(plainDialects)).default("chat"),
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

interface Made {
  readonly examples: readonly AlignmentExample[];
  readonly funnel: Funnel;
}

async function alignFiles(options: Options): Promise<void> {
  const out = options.out === "/dev/stdout" ? "-" : options.out;
  if (out !== undefined && out !== "-") ensureWritable(out);
  const problems = readProblems(options.problems);
  const completions = completionsOf(options, problems);
  const sandbox = await openSandboxWith(options);
  try {
    const { examples, funnel } = await (completions === null
      ? ofReferences(problems, sandbox, options)
      : ofCompletions(completions, sandbox, options));
    if (out === "-") process.stdout.write(toLines(examples));
    else if (out !== undefined) writeAtomic(out, toLines(examples));
    report(funnel, { json: options.json === true, linesOnStdout: out === "-" });
    if (funnel.dropped.infrastructure > 0) process.exitCode = 1;
  } finally {
    await sandbox.close();
  }
}

/** Null where the problems' own reference programs are meant. */
function completionsOf({ completions, source }: Options, problems: readonly Problem[]): CompletedProgram[] | null {
  if (source === "references") {
    if (completions === undefined) return null;
    throw new UsageError("--source references takes the problems' own programs: leave out --completions");
  }
  if (completions === undefined) throw new UsageError(`--source ${source} needs --completions <file>`);
  return readCandidates(completions, problems);
}

/** Every problem's reference program, on one input. */
function ofReferences(problems: readonly Problem[], sandbox: Sandbox, options: Options): Promise<Made> {
  const place = { step: 0, taken: 0, seed: options.seed };
  const known = heldProblems(problems.filter(hasReference));
  return fromReferences(known, known.size, recyclingOf(options), NO_POOL, toolsOf(sandbox, options), place);
}

async function ofCompletions(
  completions: readonly CompletedProgram[],
  sandbox: Sandbox,
  options: Options,
): Promise<Made> {
  const { mode, passedTests, seed } = options;
  const allTests = passedTests !== "any";
  const candidates = await Promise.all(
    completions.map(async ({ problem, program }): Promise<Candidate> => {
      return { problem, program, judgement: await judge(sandbox, problem, program, { mode, allTests }) };
    }),
  );
  return recycle(candidates, recyclingOf(options), NO_POOL, toolsOf(sandbox, options), 0, seed);
}

function toolsOf(sandbox: Sandbox, { dialect, determinismCheck }: Options): BuildTools {
  return {
    dialect: plainDialects[dialect],
    // No model, no tokens: how long a prompt or an answer may be is the trainer's to say.
    countTokens: () => 0,
    trace: (program, input, { language, limits, preamble, files }, history) =>
      trace(sandbox, program, input, { language, limits, preamble, files, determinismCheck, history }),
  };
}

const NO_POOL = new AlignmentPool({ capacity: 0, sampling: "recent" });

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
    emptiedInputs: 0,
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
