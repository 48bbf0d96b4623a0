// `coderlplus eval`: benchmarks on any policy. Asks, grades, keeps; goes on where it was broken off; prints a table.

import type { Command } from "commander";
import { UsageError } from "../core/errors.js";
import type { Benchmark, Task } from "../eval/benchmarks/benchmark.js";
import { benchmarkNamed, benchmarks } from "../eval/benchmarks/catalogue.js";
import { taskHash, taskPath } from "../eval/benchmarks/task-location.js";
import { type EvaluationProgress, evaluate } from "../eval/evaluation.js";
import type { EvaluationInfo, SampleRecord } from "../eval/records.js";
import { selectTasks } from "../eval/task-selection.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { dataPaths, decodingWith, type EvalFlags, withEvalOptions } from "./eval-options.js";
import { type Evaluated, policyFrom } from "./eval-policy.js";
import { evaluationProgress } from "./eval-progress.js";
import { evaluationJson, evaluationText } from "./evaluation-text.js";
import { openSandboxWith } from "./sandbox-options.js";
import { stopOnRequest } from "./stopping.js";
import { textTable } from "./table.js";

type Write = (text: string) => void;

/** @param write  where results go */
export function registerEval(program: Command, write: Write = (text) => void process.stdout.write(text)): void {
  withEvalOptions(
    program
      .command("eval")
      .description("evaluate a model, an endpoint or a file of completions on benchmarks; goes on where it was stopped")
      .argument("[benchmark...]", "names, as --list has them"),
  )
    .addHelpText(
      "after",
      "\nAn endpoint's key is read from CODERLPLUS_API_KEY, or from OPENAI_API_KEY for OPENAI_BASE_URL, OpenAI and this machine.\n" +
        "\nExamples:\n  coderlplus eval humaneval --engine bundled --limit 10\n" +
        "  coderlplus eval humaneval livecodebench --endpoint http://localhost:8000/v1 --model my-model",
    )
    .action((names: string[], flags: EvalFlags) => evalBenchmarks(names, flags, write));
}

/** A benchmark's tasks that were chosen, and what decides their samples. */
interface Loaded {
  readonly tasks: readonly Task[];
  readonly info: EvaluationInfo;
}

interface Finished {
  readonly info: EvaluationInfo;
  readonly samples: readonly SampleRecord[];
}

async function evalBenchmarks(names: readonly string[], flags: EvalFlags, write: Write): Promise<void> {
  if (flags.list) return write(listText(flags.json === true));
  if (names.length === 0) throw new UsageError("name the benchmarks to evaluate; --list shows those there are");
  const chosen = [...new Set(names)].map(benchmarkNamed);
  const paths = dataPaths(
    flags.path ?? [],
    chosen.map(({ name }) => name),
  );
  if (flags.completions !== undefined && chosen.length > 1)
    throw new UsageError("--completions is of one benchmark; name that one alone");
  const evaluated = await policyFrom(flags);
  // All before anything is asked: what the person has to put right is not to come after hours.
  const located = chosen.map((benchmark) => ({ benchmark, path: taskPath(benchmark, paths.get(benchmark.name)) }));
  const loaded: Loaded[] = [];
  for (const { benchmark, path } of located) loaded.push(await load(benchmark, path, evaluated, flags));
  const sandbox = await openSandboxWith({ ...flags, engine: flags.sandbox });
  const { signal, release } = stopOnRequest(() =>
    process.stderr.write("\nstopping; every completion so far is kept. Press Ctrl-C again to stop at once\n"),
  );
  const finished: Finished[] = [];
  try {
    for (const each of loaded) {
      const one = signal.aborted ? null : await evaluateOne(each, evaluated, flags, sandbox, signal);
      if (one) finished.push(one);
    }
  } finally {
    release();
    await Promise.all([evaluated.policy.close(), sandbox.close()]);
  }
  if (finished.length > 0) {
    const json = (): string => JSON.stringify({ evaluations: evaluationJson(finished) });
    write(`${flags.json ? json() : evaluationText(finished)}\n`);
  }
  if (finished.length < located.length || finished.some(({ samples }) => samples.some(isUngraded)))
    process.exitCode = 1;
}

async function load(
  benchmark: Benchmark,
  path: string,
  { policy, step, samplesOf }: Evaluated,
  flags: EvalFlags,
): Promise<Loaded> {
  const all = await benchmark.load(path);
  const tasks = selectTasks(benchmark.name, all, flags);
  const { prompts, seed } = flags;
  const [known, asked] = [all, tasks].map((some) => some.map(({ id }) => id)) as [string[], string[]];
  const info: EvaluationInfo = {
    benchmark: benchmark.name,
    policy: policy.name,
    identity: policy.identity,
    step,
    prompts,
    decoding: decodingWith(benchmark.decoding[prompts], flags, samplesOf?.(known, asked)),
    seed,
    dataSha256: taskHash(path),
    tasks: tasks.length,
  };
  return { tasks, info };
}

async function evaluateOne(
  { tasks, info }: Loaded,
  evaluated: Evaluated,
  flags: EvalFlags,
  sandbox: Sandbox,
  signal: AbortSignal,
): Promise<Finished | null> {
  const { fresh = false, regrade = false, out: folder = evaluated.folder } = flags;
  const show = evaluationProgress(info.benchmark, process.stderr);
  let progress: EvaluationProgress | undefined;
  const onProgress = (now: EvaluationProgress): void => {
    progress = now;
    show(now);
  };
  let samples: readonly SampleRecord[] | null = null;
  try {
    const tools = { policy: regrade ? null : evaluated.policy, sandbox };
    samples = await evaluate(tasks, info, tools, { folder, fresh, regrade, signal, onProgress });
  } finally {
    if (!samples && progress && progress.completed > 0) {
      const { completed, total } = progress;
      process.stderr.write(
        `${process.stderr.isTTY ? "\n" : ""}${info.benchmark}: ${completed} of ${total} completions are kept in ${folder}; ` +
          `the same command${fresh ? " without --fresh" : ""} goes on from there\n`,
      );
    }
  }
  return samples && { info, samples };
}

function isUngraded({ grade }: SampleRecord): boolean {
  return grade.strict.kind === "infrastructure" || grade.official.kind === "infrastructure";
}

function listText(json: boolean): string {
  const rows = benchmarks.map(({ name, about, licence, file }) => ({
    name,
    about,
    licence,
    tasks: file.kind === "bundled" ? "bundled" : `coderlplus data fetch ${file.dataSet}`,
  }));
  const header = ["benchmark", "what it asks", "licence", "tasks"];
  const text = json ? JSON.stringify(rows) : textTable([header, ...rows.map((row) => Object.values(row))]);
  return `${text}\n`;
}
