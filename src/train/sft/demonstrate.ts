// Demonstrations from problems: the reference programs, and true answers about them, in the very texts that
// reinforcement asks and grades. Nothing is kept that reinforcement would not reward in full.

import { type BuildTools, trueAnswer } from "../../alignment/build.js";
import type { AlignmentExample, Truth } from "../../alignment/example.js";
import { type ExampleGrading, gradeExample } from "../../alignment/grade-example.js";
import { outputOf } from "../../alignment/output.js";
import { AlignmentPool } from "../../alignment/pool.js";
import type { RecycleOptions } from "../../alignment/recycle.js";
import { fromReferences, hasReference } from "../../alignment/references.js";
import { type Target, targets } from "../../alignment/target.js";
import { Float, type Json } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import type { Judgement } from "../../judge/verdict.js";
import type { Problem } from "../../problems/problem.js";
import { heldProblems } from "../../problems/problem-set.js";
import { resolveConfig } from "../config/resolve.js";

export interface Demonstrated {
  readonly prompt: string;
  readonly answer: string;
  readonly metadata: { readonly task: string; readonly problem: string };
}

export interface DemonstrationTools extends BuildTools {
  readonly judge: (problem: Problem, program: string | null) => Promise<Judgement>;
}

export const demonstrationTasks = ["code", ...targets] as const;
export type DemonstrationTask = (typeof demonstrationTasks)[number];

export interface DemonstrateOptions {
  /** In turn, each until nothing more can be made of it. */
  readonly tasks: readonly DemonstrationTask[];
  readonly seed: number;
  /** Ask of programs that end by an exception, too. */
  readonly includeRaised: boolean;
  /** Share of the questions that are about an emptied input. */
  readonly emptiedInputs: number;
}

/** References that are run at once. */
const TOGETHER = 64;

/** Demonstrations of each task in turn; the same for the same problems and seed. */
export async function* demonstrate(
  problems: readonly Problem[],
  { tasks, seed, ...asked }: DemonstrateOptions,
  tools: DemonstrationTools,
): AsyncGenerator<Demonstrated> {
  let sources = tasks.map((task) =>
    task === "code"
      ? codeDemonstrations(problems, tools, seed)
      : alignmentDemonstrations(problems, optionsOf(task, asked), tools, seed),
  );
  while (sources.length > 0) {
    const drawn = await Promise.all(sources.map((source) => source.next()));
    yield* drawn.flatMap(({ done, value }) => (done ? [] : [value]));
    sources = sources.filter((_, i) => !drawn[i].done);
  }
}

/** Those of reinforcement; how long a prompt or an answer may be is said where a model is trained. */
function optionsOf(target: Target, asked: Pick<DemonstrateOptions, "includeRaised" | "emptiedInputs">): RecycleOptions {
  return {
    ...resolveConfig({ alignment: { ...asked, source: "references", target } }, "demonstrations").alignment,
    maximumPromptTokens: Number.POSITIVE_INFINITY,
    maximumAnswerTokens: Number.POSITIVE_INFINITY,
  };
}

/** Reference programs as the completions that give them, each problem once in a seeded order, those that pass. */
async function* codeDemonstrations(
  problems: readonly Problem[],
  { dialect, judge }: DemonstrationTools,
  seed: number,
): AsyncGenerator<Demonstrated> {
  const order = Rng.of(seed, "demonstrate", "code").shuffled(problems);
  for (let from = 0; from < order.length; from += TOGETHER) {
    const made = order.slice(from, from + TOGETHER).map(async (problem) => {
      const answer = problem.reference === undefined ? null : dialect.completion(problem, problem.reference);
      if (answer === null) return null;
      const { verdict } = await judge(problem, dialect.program(problem, answer));
      return verdict.kind === "passed" ? demonstrated(dialect.code(problem), answer, "code", problem.id) : null;
    });
    yield* (await Promise.all(made)).filter((demonstration) => demonstration !== null);
  }
}

/** Questions about reference programs with their true answers, until every program was asked on every input. */
async function* alignmentDemonstrations(
  problems: readonly Problem[],
  options: RecycleOptions,
  tools: DemonstrationTools,
  seed: number,
): AsyncGenerator<Demonstrated> {
  const pool = new AlignmentPool({ capacity: Number.POSITIVE_INFINITY, sampling: "uniform" });
  const known = problems.filter(hasReference);
  const inputs = Math.max(0, ...known.map(({ tests }) => tests.length));
  const grading = gradingOf(known, tools);
  for (let taken = 0; taken < known.length * inputs; ) {
    const made = await fromReferences(heldProblems(known), TOGETHER, options, pool, tools, { step: 0, taken, seed });
    pool.add(made.examples);
    for (const example of made.examples) {
      const answer = trueAnswer(grading.sequencesAsArrays ? withArrays(example) : example);
      const grade = await gradeExample(example, answer, grading);
      if (grade?.reward === 1) yield demonstrated(example.prompt, answer, example.target, example.problem);
    }
    taken = made.taken;
  }
}

function gradingOf(problems: readonly Problem[], { dialect, trace }: DemonstrationTools): ExampleGrading {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  return {
    mode: "withOutput",
    sequencesAsArrays: dialect.sequencesAsArrays,
    outputOn: async ({ program, problem: id }, input) => {
      const problem = byId.get(id);
      return problem && outputOf(await trace(program, input, problem), input);
    },
  };
}

/** Tuples and deques as the prompt said to write them. */
function withArrays(example: AlignmentExample): AlignmentExample {
  const written = Object.entries(example.truth).map(([key, value]) => [key, asArrays(value as Json)] as const);
  return { ...example, truth: Object.fromEntries(written) as unknown as Truth };
}

function asArrays(value: Json): Json {
  if (Array.isArray(value)) return value.map(asArrays);
  if (typeof value !== "object" || value === null || value instanceof Float) return value;
  const { $tuple, $deque } = value as Readonly<Record<string, Json | undefined>>;
  const sequence = $tuple ?? $deque;
  if (Array.isArray(sequence)) return sequence.map(asArrays);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asArrays(item)]));
}

function demonstrated(prompt: string, answer: string, task: string, problem: string): Demonstrated {
  return { prompt, answer, metadata: { task, problem } };
}
