// The runs that one trace of a JavaScript program takes: one, and another where functions are entered too often for each
// of their activations to be written down; the first then tells which is the last. One more for what happens along the way,
// which counts only where it takes the same course. What the text alone says is added.

import { UsageError } from "../../core/errors.js";
import type { Json } from "../../core/json.js";
import { parseExpression } from "../../sandbox/javascript/syntax.js";
import { type Execution, isRecord } from "../../sandbox/job.js";
import type { Room } from "../../sandbox/sandbox.js";
import { readMoments } from "../moments.js";
import { callOf, courseOf, type Passed, type TraceJob, variablesIn } from "../passes.js";
import { type Instrumented, instrument } from "./instrument.js";

/** @throws UsageError where the input is an expression that is none */
export async function runScript(room: Room, job: TraceJob): Promise<Passed> {
  const { program, preamble, input, stdin, limits, files, history = [] } = job;
  if (input.kind === "expression" && !parseExpression(input.expression)) {
    throw new UsageError(`the call is no JavaScript expression: ${input.expression}`);
  }
  const request = {
    op: "trace",
    name: input.kind === "stdio" ? "__main__" : "program",
    source: program,
    preamble,
    call: callOf(input),
  };
  const run = async (text: Instrumented | null, counts?: Json, what: "history" | "moments" = "history") => {
    const execution = await room.run({ request: { ...request, ...told(text, what), counts }, stdin, files, limits });
    return { ...execution, reply: execution.reply && text && withFacts(execution.reply, text) };
  };
  const text = instrument(program);
  const first = await run(text);
  const counts = first.reply?.counts;
  const valued = Array.isArray(counts) ? await run(text, counts) : first;
  const moments = job.moments && text ? await run(instrument(program, COURSE, true), undefined, "moments") : null;
  const last = moments === null ? valued : { ...valued, ...withCourse(moments, valued) };
  const cpuMs = [first, valued === first ? null : valued, moments].reduce((sum, one) => sum + (one?.cpuMs ?? 0), 0);
  if (history.length === 0 || last.reply === null) return { ...last, cpuMs };
  const along = await run(instrument(program, history));
  const same = courseOf(along) === courseOf(last);
  return {
    ...last,
    cpuMs: cpuMs + along.cpuMs,
    reply: { ...last.reply, history: (same && along.reply?.history) || null },
  };
}

/** Recorded for the course of a run. */
const COURSE = ["steps", "lines"] as const;

function withCourse(along: Execution, traced: Execution): Pick<Passed, "moments"> {
  return { moments: readMoments(along, traced, courseOf(along) === courseOf(traced), "units") };
}

/** What the guest is told of a prepared program. */
function told(text: Instrumented | null, what: "history" | "moments"): object {
  if (text === null) return {};
  const { source, recorder, scopes, along } = text;
  const trace = { scopes, mark: recorder };
  if (along === null) return { source, recorder, trace };
  const moments = { keys: along.keys, functions: scopes.map(({ path }, id) => [path, along.begins[id]]) };
  return {
    source,
    recorder,
    trace: { ...trace, ...(what === "moments" ? { moments } : { history: { keys: along.keys, parts: along.parts } }) },
  };
}

/** The values in the order of the text, with what else it says. */
function withFacts(reply: NonNullable<Execution["reply"]>, { facts: all, along }: Instrumented): Execution["reply"] {
  const { variables: order, ...facts } = all;
  const values = new Map(variablesIn(reply));
  const variables = order.flatMap((key) => (values.has(key) ? [[key, values.get(key) as Json]] : []));
  if (!along || !isRecord(reply.history)) return { ...reply, ...facts, variables };
  const statements = along.statements.map(([line, scope]) => [line, scope]);
  return { ...reply, ...facts, variables, history: { ...reply.history, statements } };
}
