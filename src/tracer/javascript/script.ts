// What tracing a JavaScript program adds to the request for it, and to the reply: all that its text alone says.

import { UsageError } from "../../core/errors.js";
import type { Json } from "../../core/json.js";
import { parseExpression } from "../../sandbox/javascript/syntax.js";
import type { Execution } from "../../sandbox/job.js";
import { type Facts, instrument } from "./instrument.js";

export interface Script {
  readonly request: { readonly [key: string]: unknown };
  readonly facts: Facts;
}

/** Null for a program that does not parse: it is run as it is, and the interpreter says why. */
export function prepareScript(
  program: string,
  input: { readonly kind: string; readonly expression?: string },
): Script | null {
  if (input.expression !== undefined && !parseExpression(input.expression)) {
    throw new UsageError(`the call is no JavaScript expression: ${input.expression}`);
  }
  const instrumented = instrument(program);
  if (!instrumented) return null;
  const { source, recorder, scopes, facts } = instrumented;
  return { request: { source, recorder, trace: { scopes, mark: recorder } }, facts };
}

/** The values in the order of the text, with what else it says. */
export function withFacts(execution: Execution, script: Script | null): Execution {
  if (!script || !execution.reply) return execution;
  const { variables: order, ...facts } = script.facts;
  const found = execution.reply.variables;
  const pairs = (Array.isArray(found) ? found : []) as ReadonlyArray<readonly [string, Json]>;
  const values = new Map(pairs.map(([key, value]) => [key, value]));
  const variables = order.flatMap((key) => (values.has(key) ? [[key, values.get(key) as Json]] : []));
  return { ...execution, reply: { ...execution.reply, ...facts, variables } };
}
