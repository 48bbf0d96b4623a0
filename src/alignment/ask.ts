// What may be asked of one traced run, by kind of question, and what is true. Total: a run that has no such question
// gives the reason. docs/targets.md defines the keys.

import type { Json } from "../core/json.js";
import type { Rng } from "../core/rng.js";
import { type Language, notations } from "../problems/notation.js";
import type { ProgramInput } from "../problems/problem.js";
import type { QuestionKind } from "../prompts/question.js";
import type { History } from "../tracer/history.js";
import type { Trace } from "../tracer/trace.js";
import type { DropReason, Truth } from "./example.js";
import { outputOf } from "./output.js";
import { askable, isTooBig, type Selection, scopeOf, select, selectVariables } from "./select.js";

/** The true answer to a question of this kind, or why there is none. Its keys are what is asked. */
export function ask(
  kind: QuestionKind,
  trace: Trace,
  input: ProgramInput,
  options: Selection,
  language: Language,
  rng: Rng,
): Truth | DropReason {
  switch (kind) {
    case "finalValues":
      return finalValues(trace, input, options, rng);
    case "stepValues":
      return withHistory(trace, (history) => stepValues(history, trace, options, rng));
    case "nextLine":
      return withHistory(trace, (history) => nextLines(history, trace, options, rng));
    case "coverage":
      return withHistory(trace, (history) => coverage(history, options, rng));
    case "output":
      return output(trace, input);
    case "input":
      return anInput(trace, input, language);
    default:
      return kind satisfies never;
  }
}

function finalValues(trace: Trace, input: ProgramInput, options: Selection, rng: Rng): Truth | DropReason {
  if (askable(trace).length === 0) {
    if (trace.nondeterministic.length > 0) return "nondeterministic";
    return Object.values(trace.variables).some(isTooBig) ? "too-big" : "no-variables";
  }
  const asked = selectVariables(trace, options, rng);
  const variables = Object.fromEntries(asked.map((name) => [name, trace.variables[name] ?? null]));
  const result = outputOf(trace, input);
  return result === undefined ? { variables } : { variables, output: result };
}

function withHistory(trace: Trace, asks: (history: History) => Readonly<Record<string, Json>>): Truth | DropReason {
  if (!trace.history) return "nondeterministic";
  const variables = asks(trace.history);
  return Object.keys(variables).length === 0 ? "no-variables" : { variables };
}

/** `f.x@2`: one assignment of each of the chosen variables. */
function stepValues({ steps }: History, trace: Trace, options: Selection, rng: Rng): Readonly<Record<string, Json>> {
  const recursive = new Set(trace.recursive);
  const choices = new Map(
    Object.entries(steps)
      .filter(([name]) => !recursive.has(scopeOf(name)))
      .map(([name, values]) => [name, values.flatMap((value, i) => (isTooBig(value) ? [] : [[i + 1, value] as const]))])
      .filter((entry): entry is [string, Array<readonly [number, Json]>] => entry[1].length > 0),
  );
  // In the source order of their last assignment where that is known, as final values are.
  const names = [
    ...[...choices.keys()].filter((name) => !(name in trace.variables)),
    ...Object.keys(trace.variables).filter((name) => choices.has(name)),
  ];
  return Object.fromEntries(
    select(names, options, rng).map((name) => {
      const [k, value] = rng.pick(choices.get(name) ?? []);
      return [`${name}@${k}`, value];
    }),
  );
}

/** `line 3#2`: one execution of each of the chosen lines; about half of them go elsewhere than to the line below. */
function nextLines(history: History, trace: Trace, options: Selection, rng: Rng): Readonly<Record<string, Json>> {
  const recursive = new Set(trace.recursive);
  const scopes = new Map(history.statements);
  const lines = [...scopes.keys()].sort((a, b) => a - b);
  const counts = new Map<number, number>();
  const moves = history.lines.flatMap(([line, next]) => {
    const k = (counts.get(line) ?? 0) + 1;
    counts.set(line, k);
    const scope = scopes.get(line);
    const sound = scope !== undefined && !recursive.has(scope) && (next === null || scopes.has(next));
    return sound ? [{ line, k, next }] : [];
  });
  const below = (line: number): number | undefined => lines.find((other) => other > line);
  const [straight, elsewhere] = split(moves, ({ line, next }) => next === below(line));
  const chosen = balanced(onePerLine(elsewhere, rng), onePerLine(straight, rng), options, rng, ({ line }) => line);
  return Object.fromEntries(
    chosen.sort((a, b) => a.line - b.line).map(({ line, k, next }) => [`line ${line}#${k}`, next]),
  );
}

/** `line 4`: about half of the lines that are asked are never executed, where there are so many. */
function coverage({ statements, executed }: History, options: Selection, rng: Rng): Readonly<Record<string, Json>> {
  const done = new Set(executed);
  const lines = statements.map(([line]) => line);
  const [executedLines, others] = split(lines, (line) => done.has(line));
  const chosen = balanced(others, executedLines, options, rng, (line) => line);
  return Object.fromEntries(chosen.sort((a, b) => a - b).map((line) => [`line ${line}`, done.has(line)]));
}

function output(trace: Trace, input: ProgramInput): Truth | DropReason {
  const result = outputOf(trace, input);
  if (result !== undefined) return { variables: {}, output: result };
  return trace.outputNondeterministic ? "nondeterministic" : "too-big";
}

/** Keyword arguments stay as they are: the prompt shows them. */
function anInput(trace: Trace, input: ProgramInput, language: Language): Truth | DropReason {
  if (trace.status !== "ok" && trace.status !== "exit") return "raised";
  const truth = output(trace, input);
  if (typeof truth === "string") return truth;
  if (input.kind === "stdio") return { ...truth, input: input.stdin };
  if (notations[language].literal(truth.output ?? null) === undefined) return "too-big";
  return { ...truth, input: input.arguments };
}

function split<T>(items: readonly T[], isFirst: (item: T) => boolean): [T[], T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

function onePerLine<T extends { readonly line: number }>(moves: readonly T[], rng: Rng): T[] {
  return [...new Map(rng.shuffled(moves).map((move) => [move.line, move])).values()];
}

/** At most as many as the options say, no line twice, half of them of each sort as far as there are such. */
function balanced<T>(
  rare: readonly T[],
  usual: readonly T[],
  { selection, maximumVariables }: Selection,
  rng: Rng,
  lineOf: (item: T) => number,
): T[] {
  const most = selection === "all" ? Number.POSITIVE_INFINITY : maximumVariables;
  const [first, second] = rng.uniform() < 0.5 ? [rare, usual] : [usual, rare];
  const queues = [rng.shuffled(first), rng.shuffled(second)];
  const chosen = new Map<number, T>();
  for (let turn = 0; chosen.size < most && queues.some((queue) => queue.length > 0); turn++) {
    const item = queues[turn % 2].shift();
    if (item !== undefined && !chosen.has(lineOf(item))) chosen.set(lineOf(item), item);
  }
  return [...chosen.values()];
}
