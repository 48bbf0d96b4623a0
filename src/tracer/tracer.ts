// The final value of every variable of a program, as plain data. The measuring is done in the interpreter (tracer.py);
// passes.ts arranges the runs that it takes; here is what they say, and the second world for what depends on it.

import { type Json, stringifyJson } from "../core/json.js";
import { defaultLimits, type Limits, type Problem } from "../problems/problem.js";
import type { Ending } from "../sandbox/job.js";
import type { Room, Sandbox } from "../sandbox/sandbox.js";
import { commonHistory, type HistoryPart, readHistory } from "./history.js";
import { runScript } from "./javascript/script.js";
import { type Passed, runPasses, type TraceInput, type Variant, variablesIn } from "./passes.js";
import type { Trace, TraceStatus } from "./trace.js";

export interface TraceOptions {
  readonly limits?: Limits | undefined;
  readonly preamble?: string | undefined;
  /** What lies in the program's folder. */
  readonly files?: Problem["files"];
  /** Standard input for an expression. */
  readonly stdin?: string | undefined;
  /** Python unless told otherwise. */
  readonly language?: Problem["language"] | undefined;
  /** Runs the program again in a second world and drops what differs; on by default. */
  readonly determinismCheck?: boolean | undefined;
  /** What happens along the way, as far as it is named here. */
  readonly history?: readonly HistoryPart[] | undefined;
  /** Aborted, it ends with a CancelledError. */
  readonly signal?: AbortSignal | undefined;
  /** The course of the run, line by line with what each changed (moments.ts). */
  readonly moments?: boolean | undefined;
}

/** Runs a program on one input and records the final values of its variables. */
export async function trace(
  sandbox: Sandbox,
  program: string,
  input: TraceInput,
  options: TraceOptions = {},
): Promise<Trace> {
  const job = {
    program,
    preamble: options.preamble ?? "",
    input,
    stdin: input.kind === "stdio" ? input.stdin : (options.stdin ?? ""),
    limits: options.limits ?? defaultLimits,
    files: options.files,
    history: options.history,
    moments: options.moments,
  };
  const { language = "python", signal } = options;
  const run = (variant: Variant): Promise<Traced> => {
    const world = variant === "moved" ? "second" : "first";
    const passes = (room: Room): Promise<Passed> =>
      language === "javascript" ? runScript(room, job) : runPasses(room, job, variant);
    return sandbox.lease(async (room) => ({ ...(await passes(room)), engine: room.engine }), {
      language,
      world,
      signal,
    });
  };
  const execution = await run("true");
  const first = toTrace(execution);
  const shows =
    (first.history ?? null) !== null ||
    Object.keys(first.variables).length > 0 ||
    first.stdout !== "" ||
    first.returned !== undefined;
  const worthChecking = shows && (execution.reply?.worldly !== false || showsAddress(first));
  if (options.determinismCheck === false || !worthChecking) return first;
  const settled = withoutDifferences(first, toTrace(await run("moved")));
  if (execution.reply?.unordered !== true) return settled;
  return withoutDifferences(settled, toTrace(await run("stirred")));
}

type Traced = Passed & Pick<Trace, "engine">;

function toTrace({ ending, reply, stdout, cpuMs, engine, moments }: Traced): Trace {
  const returned = ending.kind === "finished" ? reply?.returned : undefined;
  return {
    status: statusOf(ending),
    message: ending.kind === "raised" ? ending.error.message : "message" in ending ? ending.message : "",
    variables: Object.fromEntries(variablesIn(reply)),
    recursive: texts(reply?.recursive),
    ambiguous: texts(reply?.ambiguous),
    nondeterministic: [],
    outputNondeterministic: false,
    tampered: reply?.tampered === true,
    stdout,
    ...(returned === undefined ? {} : { returned }),
    ...(reply?.history === undefined ? {} : { history: readHistory(reply.history) }),
    ...(moments === undefined ? {} : { moments }),
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
function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? (value as readonly Json[]).filter((item) => typeof item === "string") : [];
}

/** As in `<function f at 0x1f2e>`: any program can print one. */
function showsAddress({ stdout, variables, returned }: Trace): boolean {
  return / at 0x[0-9a-f]/.test(stdout + stringifyJson([variables, returned ?? null]));
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
  const sameResult = alike && (returned === undefined || stringifyJson(returned) === stringifyJson(second.returned));
  return {
    ...rest,
    ...(returned !== undefined && sameResult ? { returned } : {}),
    ...(first.history ? { history: alike ? commonHistory(first.history, second.history ?? null) : null } : {}),
    variables: Object.fromEntries(keys.filter(same).map((key) => [key, first.variables[key]])),
    nondeterministic: [...first.nondeterministic, ...keys.filter((key) => !same(key))],
    outputNondeterministic: first.outputNondeterministic === true || !sameResult || first.stdout !== second.stdout,
    cpuMs: first.cpuMs + second.cpuMs,
  };
}
