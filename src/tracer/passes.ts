// The runs that one trace of a Python program takes (passes.py says why): the first is the truth about the program's
// course, a second one gives the values of functions that are entered often.

import { UsageError } from "../core/errors.js";
import { type Json, stringifyJson } from "../core/json.js";
import type { Limits, Problem, ProgramInput } from "../problems/problem.js";
import { type Execution, textIn } from "../sandbox/job.js";
import { WORK_PER_MS } from "../sandbox/python/ports.js";
import type { Room } from "../sandbox/sandbox.js";
import type { HistoryPart } from "./history.js";
import { type Moments, readMoments } from "./moments.js";

/** What a program is traced on: a problem's input, or a call written in Python. */
export type TraceInput = ProgramInput | { readonly kind: "expression"; readonly expression: string };

export interface TraceJob {
  readonly program: string;
  readonly preamble: string;
  readonly input: TraceInput;
  readonly stdin: string;
  readonly limits: Limits;
  readonly files?: Problem["files"];
  /** What else is recorded, by one more run; nothing by default. */
  readonly history?: readonly HistoryPart[] | undefined;
  /** Whether the course of the run is recorded too (moments.ts), by a run of its own. */
  readonly moments?: boolean | undefined;
}

/** A traced execution, with the run that was recorded for its course. */
export type Passed = Execution & { readonly moments?: Moments | null };

/** Reading the program and taking down its first activations is not the program's time. */
const allowance = (timeMs: number): number => 1.25 * timeMs + 500;
/** Callbacks are counted like any call; this pass decides nothing about the program's end. */
const repeatAllowance = (timeMs: number): number => 10 * timeMs + 2000;
/** What is recorded is bounded, and so is the time for it. */
const momentsAllowance = (timeMs: number): number => allowance(timeMs) + 5000;

/**
 * What a run is for: the truth, or to be compared with it. `moved`: at other addresses, in a world with another hash seed,
 * clock and random bytes; `stirred`: with its sets in another order (stirring.py).
 */
export type Variant = "true" | "moved" | "stirred";

/** @throws UsageError where the input is an expression that is none */
export async function runPasses(room: Room, job: TraceJob, variant: Variant): Promise<Passed> {
  const { input, limits, stdin, files } = job;
  const source = {
    name: input.kind === "stdio" ? "__main__" : "program",
    source: job.program,
    preamble: job.preamble,
    call: callOf(input),
    moved: variant !== "true",
    stirred: variant === "stirred",
  };
  const run: Run = (request, timeMs) =>
    room.run({ request: { op: "trace", ...source, ...request }, stdin, files, limits: { ...limits, timeMs } });

  const traced = await withMoments(run, job, variant, await runValues(run, room, job, source, variant === "true"));
  if (!job.history?.length || traced.reply === null) return traced;
  const along = await run({ history: job.history }, repeatAllowance(limits.timeMs));
  const history = courseOf(along) === courseOf(traced) ? (along.reply?.history ?? null) : null;
  return { ...traced, reply: { ...traced.reply, history }, cpuMs: traced.cpuMs + along.cpuMs };
}

/** A program that runs out of its limits is worth looking at too. */
async function withMoments(run: Run, job: TraceJob, variant: Variant, traced: Execution): Promise<Passed> {
  if (!job.moments || variant !== "true" || traced.ending.kind === "unparsable") return traced;
  const along = await run({ moments: true }, momentsAllowance(job.limits.timeMs));
  return {
    ...traced,
    moments: readMoments(along, traced, courseOf(along) === courseOf(traced)),
    cpuMs: traced.cpuMs + along.cpuMs,
  };
}

/** What two runs that went the same way have in common. */
export function courseOf({ ending, stdout, reply }: Execution): string {
  const values = variablesIn(reply).filter(([key]) => !key.includes("."));
  return stringifyJson([
    ending.kind,
    ending.kind === "raised" ? ending.error.type : null,
    stdout,
    reply?.returned ?? null,
    values,
  ]);
}

type Run = (request: object, timeMs: number) => Promise<Execution>;

/** The final values. */
async function runValues(
  run: Run,
  room: Room,
  { input, limits, stdin, files }: TraceJob,
  source: object,
  truth: boolean,
): Promise<Execution> {
  let first = await run({}, truth ? allowance(limits.timeMs) : repeatAllowance(limits.timeMs));
  // Said before the program runs, but a program could say it too: only a call that was given as text can be unusable.
  if (first.reply?.end === "unusable" && input.kind === "expression")
    throw new UsageError(`the call is no Python expression: ${textIn(first.reply.message)}`);
  if (truth && first.work > limits.timeMs * WORK_PER_MS && first.ending.kind !== "timed-out") {
    // Whether the program itself is out of time can only be told without a tracer.
    const untraced = await room.run({ request: { ...source, op: "run" }, stdin, files, limits });
    if (untraced.ending.kind === "timed-out") return { ...untraced, cpuMs: first.cpuMs + untraced.cpuMs };
    first = { ...first, cpuMs: first.cpuMs + untraced.cpuMs };
  }
  const counts = first.reply?.counts;
  if (!Array.isArray(counts)) return first;
  let second = await run({ counts, deep: false }, repeatAllowance(limits.timeMs));
  if (second.reply?.agrees !== true) {
    const deep = await run({ counts, deep: true }, repeatAllowance(limits.timeMs));
    second = { ...deep, cpuMs: second.cpuMs + deep.cpuMs };
  }
  return merge(first, second);
}

/** Values of functions from the second pass, if it went the same way; all else from the first. */
function merge(first: Execution, second: Execution): Execution {
  const inModule = variablesIn(first.reply).filter(([key]) => !key.includes("."));
  const known = new Map(inModule);
  const agrees = second.reply?.agrees === true;
  // The second list, because it is in the order of the source.
  const variables = variablesIn(second.reply).flatMap(([key, value]) => {
    const truth = key.includes(".") ? value : known.get(key);
    return truth === undefined ? [] : [[key, truth] as const];
  });
  const reply = first.reply && {
    ...first.reply,
    variables: agrees ? variables : inModule,
    ambiguous: agrees ? (second.reply?.ambiguous ?? []) : [],
    tampered: first.reply.tampered === true || second.reply?.tampered === true,
  };
  return { ...first, reply, cpuMs: first.cpuMs + second.cpuMs };
}

/** The guest's reply is a claim: what is not of the expected shape is left out. */
export function variablesIn(reply: Execution["reply"]): Array<readonly [string, Json]> {
  const value = reply?.variables;
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).filter(
    (pair): pair is [string, Json] => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string",
  );
}

/** The call in a request. */
export function callOf(input: TraceInput): object | null {
  switch (input.kind) {
    case "stdio":
      return null;
    case "expression":
      return { expression: input.expression };
    case "call":
      return { function: input.function, arguments: input.arguments, keywords: input.keywords ?? {} };
    default:
      return input satisfies never;
  }
}
