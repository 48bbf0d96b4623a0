// Demonstrations from problems: the reference programs, and true answers about them, in the very texts that
// reinforcement asks and grades. Nothing is kept that reinforcement would not reward.

import type { AlignmentExample, Truth } from "../../alignment/example.js";
import { AlignmentPool } from "../../alignment/pool.js";
import type { RecycleOptions, RecycleTools } from "../../alignment/recycle.js";
import { fromReferences, withReference } from "../../alignment/references.js";
import { gradeAnswer } from "../../alignment/reward.js";
import { Float, type Json } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import type { Judgement } from "../../judge/verdict.js";
import type { Problem } from "../../problems/problem.js";
import { renderAnswer } from "../../prompts/alignment.js";
import { resolveConfig } from "../config/resolve.js";

export interface Demonstrated {
  readonly prompt: string;
  readonly answer: string;
  readonly metadata: { readonly task: string; readonly problem: string };
}

export interface DemonstrationTools extends RecycleTools {
  readonly judge: (problem: Problem, program: string | null) => Promise<Judgement>;
}

export const demonstrationTasks = ["code", "finalValues"] as const;
export type DemonstrationTask = (typeof demonstrationTasks)[number];

export interface DemonstrateOptions {
  /** In turn, each until nothing more can be made of it. */
  readonly tasks: readonly DemonstrationTask[];
  readonly seed: number;
  /** Ask of programs that end by an exception, too. */
  readonly includeRaised: boolean;
}

/** References that are run at once. */
const TOGETHER = 64;

/** Demonstrations of each task in turn; the same for the same problems and seed. */
export async function* demonstrate(
  problems: readonly Problem[],
  { tasks, seed, includeRaised }: DemonstrateOptions,
  tools: DemonstrationTools,
): AsyncGenerator<Demonstrated> {
  const { alignment } = resolveConfig({ alignment: { source: "references", includeRaised } }, "demonstrations");
  // How long a prompt or an answer may be is said where a model is trained.
  const options = {
    ...alignment,
    maximumPromptTokens: Number.POSITIVE_INFINITY,
    maximumAnswerTokens: Number.POSITIVE_INFINITY,
  };
  let sources = tasks.map((task) =>
    task === "code"
      ? codeDemonstrations(problems, tools, seed)
      : alignmentDemonstrations(problems, options, tools, seed),
  );
  while (sources.length > 0) {
    const drawn = await Promise.all(sources.map((source) => source.next()));
    yield* drawn.flatMap(({ done, value }) => (done ? [] : [value]));
    sources = sources.filter((_, i) => !drawn[i].done);
  }
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
  const known = withReference(problems);
  const inputs = Math.max(0, ...known.map(({ tests }) => tests.length));
  for (let taken = 0; taken < known.length * inputs; ) {
    const made = await fromReferences(problems, TOGETHER, options, pool, tools, { step: 0, taken, seed });
    pool.add(made.examples);
    yield* made.examples.flatMap((example) => answered(example, tools));
    taken = made.taken;
  }
}

function answered({ truth, prompt, problem }: AlignmentExample, { dialect }: DemonstrationTools): Demonstrated[] {
  const { sequencesAsArrays } = dialect;
  const { variables, output } = sequencesAsArrays ? withArrays(truth) : truth;
  const answer = renderAnswer(variables, output);
  const { reward } = gradeAnswer(truth, answer, "withOutput", sequencesAsArrays);
  return reward === 1 ? [demonstrated(prompt, answer, "finalValues", problem)] : [];
}

/** Tuples and deques as the prompt said to write them. */
function withArrays({ variables, output }: Truth): Truth {
  const written = Object.entries(variables).map(([name, value]) => [name, asArrays(value)] as const);
  return { variables: Object.fromEntries(written), ...(output !== undefined && { output: asArrays(output) }) };
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
