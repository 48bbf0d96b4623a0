// The runs that one trace of a JavaScript program takes: one, and another where functions are entered too often for each
// of their activations to be written down; the first then tells which is the last. One more for what happens along the way,
// which counts only where it takes the same course. What the text alone says is added.

import { UsageError } from "../../core/errors.js";
import type { Json } from "../../core/json.js";
import { parseExpression } from "../../sandbox/javascript/syntax.js";
import { type Execution, isRecord } from "../../sandbox/job.js";
import type { Room } from "../../sandbox/sandbox.js";
import { callOf, courseOf, type TraceJob, variablesIn } from "../passes.js";
import { type Instrumented, instrument } from "./instrument.js";

/** @throws UsageError where the input is an expression that is none */
export async function runScript(room: Room, job: TraceJob): Promise<Execution> {
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
  const run = async (text: Instrumented | null, counts?: Json): Promise<Execution> => {
    const execution = await room.run({ request: { ...request, ...told(text), counts }, stdin, files, limits });
    return { ...execution, reply: execution.reply && text && withFacts(execution.reply, text) };
  };
  const text = instrument(program);
  const first = await run(text);
  const counts = first.reply?.counts;
  const last = Array.isArray(counts) ? await run(text, counts) : first;
  const cpuMs = last === first ? first.cpuMs : first.cpuMs + last.cpuMs;
  if (history.length === 0 || last.reply === null) return { ...last, cpuMs };
  const along = await run(instrument(program, history));
  const same = courseOf(along) === courseOf(last);
  return {
    ...last,
    cpuMs: cpuMs + along.cpuMs,
    reply: { ...last.reply, history: (same && along.reply?.history) || null },
  };
}

/** What the guest is told of a prepared program. */
function told(text: Instrumented | null): object {
  if (text === null) return {};
  const { source, recorder, scopes, along } = text;
  const history = along && { keys: along.keys, parts: along.parts };
  return { source, recorder, trace: { scopes, mark: recorder, history } };
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
