// The runs that one trace of a JavaScript program takes: one, and another where functions are entered too often for each
// of their activations to be written down; the first then tells which is the last. What the text alone says is added.

import { UsageError } from "../../core/errors.js";
import type { Json } from "../../core/json.js";
import { parseExpression } from "../../sandbox/javascript/syntax.js";
import type { Execution } from "../../sandbox/job.js";
import type { Room } from "../../sandbox/sandbox.js";
import { callOf, type TraceJob, variablesIn } from "../passes.js";
import { type Facts, instrument } from "./instrument.js";

/** @throws UsageError where the input is an expression that is none */
export async function runScript(
  room: Room,
  { program, preamble, input, stdin, limits, files }: TraceJob,
): Promise<Execution> {
  if (input.kind === "expression" && !parseExpression(input.expression)) {
    throw new UsageError(`the call is no JavaScript expression: ${input.expression}`);
  }
  const instrumented = instrument(program);
  const request = {
    op: "trace",
    name: input.kind === "stdio" ? "__main__" : "program",
    source: instrumented?.source ?? program,
    preamble,
    call: callOf(input),
    ...(instrumented && {
      recorder: instrumented.recorder,
      trace: { scopes: instrumented.scopes, mark: instrumented.recorder },
    }),
  };
  const run = (counts?: Json): Promise<Execution> =>
    room.run({ request: { ...request, counts }, stdin, files, limits });
  const first = await run();
  const counts = first.reply?.counts;
  const last = Array.isArray(counts) ? await run(counts) : first;
  const cpuMs = last === first ? first.cpuMs : first.cpuMs + last.cpuMs;
  return { ...last, cpuMs, reply: last.reply && instrumented && withFacts(last.reply, instrumented.facts) };
}

/** The values in the order of the text, with what else it says. */
function withFacts(reply: NonNullable<Execution["reply"]>, { variables: order, ...facts }: Facts): Execution["reply"] {
  const values = new Map(variablesIn(reply));
  const variables = order.flatMap((key) => (values.has(key) ? [[key, values.get(key) as Json]] : []));
  return { ...reply, ...facts, variables };
}
