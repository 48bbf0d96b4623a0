// What a program's text alone says of its variables: nothing is executed.

import type { Json } from "../core/json.js";
import { defaultLimits, type Problem } from "../problems/problem.js";
import type { Execution } from "../sandbox/job.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { instrument } from "./javascript/instrument.js";

export interface Inspection {
  /** Every variable the text assigns, in source order of its last assignment. */
  readonly variables: readonly string[];
  /** Parameters that their function never assigns again. */
  readonly parameters: readonly string[];
}

/** null where the program does not parse. */
export async function inspect(
  sandbox: Sandbox,
  program: string,
  language: Problem["language"] = "python",
): Promise<Inspection | null> {
  if (language === "javascript") return instrument(program)?.facts ?? null;
  const { ending, reply } = await inspected(sandbox, program);
  if (ending.kind !== "finished" || !Array.isArray(reply?.["variables"])) return null;
  return { variables: names(reply["variables"]), parameters: names(reply["parameters"]) };
}

/** Where a statement, or the head of one, stands in a text: from a character to that behind its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * By variable of a Python program, the statement that assigns it last. Not those that only a parameter, a `with`, an
 * `except` or a pattern binds; none at all of a program that does not parse.
 */
export async function lastAssignments(sandbox: Sandbox, program: string): Promise<ReadonlyMap<string, Span>> {
  const { reply } = await inspected(sandbox, program);
  const claims = reply?.["assignments"];
  const lines = program.split("\n");
  const offset = (line: number, column: number): number =>
    lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0) +
    Array.from(lines[line - 1] ?? "")
      .slice(0, column)
      .join("").length;
  const spans = (Array.isArray(claims) ? (claims as readonly Json[]) : []).flatMap((claim) => {
    const [key, ...places] = Array.isArray(claim) ? (claim as readonly Json[]) : [];
    if (typeof key !== "string" || !places.every((place) => typeof place === "number") || places.length !== 4)
      return [];
    const [line, column, lastLine, lastColumn] = places;
    return [[key, { start: offset(line, column), end: offset(lastLine, lastColumn) }] as const];
  });
  return new Map(spans);
}

function inspected(sandbox: Sandbox, program: string): Promise<Execution> {
  return sandbox.lease((room) =>
    room.run({ request: { op: "inspect", source: program, preamble: "" }, stdin: "", limits: defaultLimits }),
  );
}

function names(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
