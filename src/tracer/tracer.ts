// The final value of every variable of a program, as plain data. The measuring is done in the interpreter (tracer.py,
// javascript/); here the runs are arranged: a second pass where scopes are entered often, a second world for what depends on it.

import { UsageError } from "../core/errors.js";
import { type Json, stringifyJson } from "../core/json.js";
import { defaultLimits, type Limits, type Problem, type ProgramInput } from "../problems/problem.js";
import { type Ending, type Execution, textIn, type World } from "../sandbox/job.js";
import type { Room, Sandbox } from "../sandbox/sandbox.js";
import { prepareScript, withFacts } from "./javascript/script.js";
import type { Trace, TraceStatus } from "./trace.js";

/** What a program is traced on: a problem's input, or a call written in Python. */
export type TraceInput = ProgramInput | { readonly kind: "expression"; readonly expression: string };

export interface TraceOptions {
  readonly limits?: Limits | undefined;
  readonly preamble?: string | undefined;
  /** Standard input for an expression. */
  readonly stdin?: string | undefined;
  /** Python unless told otherwise. */
  readonly language?: Problem["language"] | undefined;
  /** Runs the program again in a second world and drops what differs; on by default. */
  readonly determinismCheck?: boolean | undefined;
}

type Traced = Execution & Pick<Trace, "engine">;

/** Runs a program on one input and records the final values of its variables. */
export async function trace(
  sandbox: Sandbox,
  program: string,
  input: TraceInput,
  options: TraceOptions = {},
): Promise<Trace> {
  const run = (world: World): Promise<Traced> =>
    sandbox.lease(async (room) => ({ ...(await runTwice(room, program, input, options)), engine: room.engine }), {
      language: options.language ?? "python",
      world,
    });
  const execution = await run("first");
  const first = toTrace(execution);
  const shows = Object.keys(first.variables).length > 0 || first.stdout !== "" || first.returned !== undefined;
  const worthChecking = shows && execution.reply?.worldly !== false;
  if (options.determinismCheck === false || !worthChecking) return first;
  return withoutDifferences(first, toTrace(await run("second")));
}

/** One pass, and another where the first found scopes that are entered too often to be captured each time. */
async function runTwice(room: Room, program: string, input: TraceInput, options: TraceOptions): Promise<Execution> {
  const script = options.language === "javascript" ? prepareScript(program, input) : null;
  const request = {
    op: "trace",
    name: input.kind === "stdio" ? "__main__" : "program",
    source: program,
    preamble: options.preamble ?? "",
    call: callOf(input),
    ...script?.request,
  };
  const job = {
    stdin: input.kind === "stdio" ? input.stdin : (options.stdin ?? ""),
    limits: options.limits ?? defaultLimits,
  };
  const first = withFacts(await room.run({ ...job, request }), script);
  // Said before the program runs, but a program could say it too: only a call that was given as text can be unusable.
  if (first.reply?.end === "unusable" && input.kind === "expression")
    throw new UsageError(`the call is no Python expression: ${textIn(first.reply.message)}`);
  const counts = first.reply?.counts;
  if (!Array.isArray(counts)) return first;
  const second = withFacts(await room.run({ ...job, request: { ...request, counts } }), script);
  // Who called itself shows in the first pass only.
  const reply = second.reply && { ...second.reply, recursive: first.reply?.recursive ?? [] };
  return { ...second, reply, cpuMs: first.cpuMs + second.cpuMs };
}

function callOf(input: TraceInput): unknown {
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

function toTrace({ ending, reply, stdout, cpuMs, engine }: Traced): Trace {
  const returned = ending.kind === "finished" ? reply?.returned : undefined;
  return {
    status: statusOf(ending),
    variables: Object.fromEntries(pairs(reply?.variables)),
    recursive: texts(reply?.recursive),
    ambiguous: texts(reply?.ambiguous),
    nondeterministic: [],
    outputNondeterministic: false,
    tampered: reply?.tampered === true,
    stdout,
    ...(returned === undefined ? {} : { returned }),
    parameters: texts(reply?.parameters),
    complexity: typeof reply?.complexity === "number" ? reply.complexity : 1,
    engine,
    cpuMs,
  };
}

function statusOf(ending: Ending): TraceStatus {
  switch (ending.kind) {
    case "finished":
      return "ok";
    case "exited":
      return "exit";
    case "raised":
      return `error:${ending.error.type}`;
    default:
      return ending.kind;
  }
}

/** The guest's reply is a claim: what is not of the expected shape is left out. */
function pairs(value: Json | undefined): Array<[string, Json]> {
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).filter(
    (pair): pair is [string, Json] => Array.isArray(pair) && pair.length === 2 && typeof pair[0] === "string",
  );
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === "string") : [];
}

/** What differs between the worlds depends on hash order, clock or chance: named, and no longer reported. */
function withoutDifferences(first: Trace, second: Trace): Trace {
  const alike = first.status === second.status;
  const same = (key: string): boolean => {
    const other = second.variables[key];
    return alike && other !== undefined && stringifyJson(first.variables[key]) === stringifyJson(other);
  };
  const keys = Object.keys(first.variables);
  const { returned, ...rest } = first;
  const sameResult = alike && stringifyJson(returned) === stringifyJson(second.returned);
  return {
    ...rest,
    ...(returned !== undefined && sameResult ? { returned } : {}),
    variables: Object.fromEntries(keys.filter(same).map((key) => [key, first.variables[key]])),
    nondeterministic: keys.filter((key) => !same(key)),
    outputNondeterministic: !sameResult || first.stdout !== second.stdout,
    cpuMs: first.cpuMs + second.cpuMs,
  };
}
