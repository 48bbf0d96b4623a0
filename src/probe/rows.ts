// What is probed: the final values of the variables of traced programs, with the text that stands before each. No model
// is needed for any of it, so all models are asked alike.

import { askable } from "../alignment/select.js";
import type { Json } from "../core/json.js";
import { callText, inputOf } from "../problems/examples.js";
import type { Problem, ProgramInput } from "../problems/problem.js";
import { renderQuestion } from "../prompts/alignment.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { lastAssignments } from "../tracer/inspect.js";
import type { Trace } from "../tracer/trace.js";
import { trace } from "../tracer/tracer.js";
import { altered } from "./alter.js";

/**
 * Where a state is read, always at the last token of a text.
 *
 * assignment  the input as a comment, then the program as far as the end of the statement that assigns the variable last
 * question    the program, then the question for the variable's final value: the last token of the prompt
 * answer      the same, and the answer as far as where the value is to be written
 */
export const sites = ["assignment", "question", "answer"] as const;
export type Site = (typeof sites)[number];

/** One variable of one run. */
export interface ProbeRow {
  /** The problem's id; of several with the same program the first one's, so that no program is in two parts of a split. */
  readonly program: string;
  /** With its scope, as in a trace. */
  readonly variable: string;
  readonly value: Json;
  /** The value under another meaning of the operators; undefined where that run has none, or means the same. */
  readonly otherValue: Json | undefined;
  /** The statement that assigns it last. */
  readonly statement: string;
  readonly texts: Readonly<Record<Site, string>>;
}

export interface ProbedPrograms {
  readonly rows: readonly ProbeRow[];
  readonly programs: number;
  /** Runs, one a program and input, that gave no rows: they did not end well, or have no variable to ask. */
  readonly withoutRows: number;
}

/**
 * The variables of reference programs, each run on the first of its problem's inputs. Left out are what an alignment
 * question leaves out: untouched parameters, recursive functions, values that are ambiguous, too big or a matter of chance.
 *
 * @param inputs  at most so many for each program
 */
export async function probedPrograms(
  problems: readonly Problem[],
  inputs: number,
  sandbox: Sandbox,
  onProgress: (done: number) => void = () => {},
): Promise<ProbedPrograms> {
  let done = 0;
  const names = new Map<string, string>();
  for (const { id, reference = "" } of problems) names.set(sourceOf(reference), names.get(sourceOf(reference)) ?? id);
  const runs = await Promise.all(
    problems.map(async (problem) => {
      const rows = await rowsOf(problem, names, inputs, sandbox);
      onProgress(++done);
      return rows;
    }),
  );
  const rows = runs.flat(2);
  return {
    rows,
    programs: new Set(rows.map(({ program }) => program)).size,
    withoutRows: runs.flat().filter((run) => run.length === 0).length,
  };
}

function sourceOf(reference: string): string {
  return reference.replace(/\n+$/, "");
}

/** @param names  of each program */
async function rowsOf(
  problem: Problem,
  names: ReadonlyMap<string, string>,
  inputs: number,
  sandbox: Sandbox,
): Promise<ProbeRow[][]> {
  const { id, reference, language, tests } = problem;
  if (reference === undefined || language !== "python") return [];
  const source = sourceOf(reference);
  const program = names.get(source) ?? id;
  const spans = await lastAssignments(sandbox, source);
  const known = tests.map(inputOf).filter((input) => input !== undefined);
  return Promise.all(
    known.slice(0, inputs).map(async (input) => {
      const traced = await traceOf(problem, source, input, sandbox);
      if (traced.status !== "ok" || traced.tampered) return [];
      const other = await otherTrace(problem, source, input, sandbox);
      return askable(traced).flatMap((variable): ProbeRow[] => {
        const span = spans.get(variable);
        if (!span) return [];
        const value = traced.variables[variable] ?? null;
        const question = renderQuestion({
          kind: "finalValues",
          program: source,
          input,
          variables: { [variable]: value },
          output: null,
          language,
        });
        const texts = {
          assignment: assignmentText(source, input, span.end),
          question,
          answer: `${question}{"variables": {${JSON.stringify(variable)}: `,
        };
        const statement = source.slice(span.start, span.end);
        return [{ program, variable, value, otherValue: other?.variables[variable], statement, texts }];
      });
    }),
  );
}

function assignmentText(source: string, input: ProgramInput, end: number): string {
  const given = input.kind === "stdio" ? `stdin: ${JSON.stringify(input.stdin)}` : callText(input);
  return `# ${given}\n${source.slice(0, end)}`;
}

/** Null where no operator means anything else, or the program comes to a bad end under the other meaning. */
async function otherTrace(
  problem: Problem,
  source: string,
  input: ProgramInput,
  sandbox: Sandbox,
): Promise<Trace | null> {
  const other = altered(source);
  if (other === source) return null;
  const traced = await traceOf(problem, other, input, sandbox);
  return traced.status === "ok" && !traced.tampered ? traced : null;
}

function traceOf(
  { limits, preamble, files }: Problem,
  source: string,
  input: ProgramInput,
  sandbox: Sandbox,
): Promise<Trace> {
  return trace(sandbox, source, input, { limits, preamble, files });
}
