// What happened along the way of a run, on request: values after each assignment, the order of lines, the lines that were
// executed. How it is recorded is written in history.py; whether the recorded run went the way of the traced one is
// compared in passes.ts.

import { type Json, stringifyJson } from "../core/json.js";
import { fieldsOf } from "../sandbox/job.js";

/** What can be recorded; each costs only where it is asked for. Lines tell coverage too. */
export type HistoryPart = "steps" | "lines" | "coverage";

export interface History {
  /** By variable: its value right after each of its assignments, in the order of time, over the whole run. */
  readonly steps: Readonly<Record<string, readonly Json[]>>;
  /** Lines in the order of time, each with the line that its activation executed next: null at its end, 0 not known. */
  readonly lines: ReadonlyArray<readonly [line: number, next: number | null]>;
  /** Line numbers, ascending. */
  readonly executed: readonly number[];
  /** Lines that hold one statement, or the head of one `if`, `while` or `for`, with the path of their function. */
  readonly statements: ReadonlyArray<readonly [line: number, scope: string]>;
}

/** The guest's reply is a claim: what is not of the expected shape is left out. Null where there is none. */
export function readHistory(claim: Json | undefined): History | null {
  if (claim === undefined || claim === null) return null;
  const { steps, lines, executed, statements } = fieldsOf(claim);
  return {
    steps: Object.fromEntries(
      pairsIn(steps).flatMap(([key, values]) => (isText(key) && isList(values) ? [[key, values]] : [])),
    ),
    lines: pairsIn(lines).flatMap(([line, next]) =>
      isLine(line) && (next === null || isLine(next)) ? [[line, next] as const] : [],
    ),
    executed: listIn(executed).filter(isLine),
    statements: pairsIn(statements).flatMap(([line, scope]) =>
      isLine(line) && isText(scope) ? [[line, scope] as const] : [],
    ),
  };
}

/**
 * What both worlds agree on: a variable's values as far as they are the same, and lines only where all are. Where one of
 * them has no history, there is none.
 */
export function commonHistory(a: History | null, b: History | null): History | null {
  if (a === null || b === null) return null;
  const alike = stringifyJson([a.lines, a.executed]) === stringifyJson([b.lines, b.executed]);
  const same = ([key, values]: readonly [string, readonly Json[]]): boolean =>
    stringifyJson(values) === stringifyJson(b.steps[key] ?? null);
  return {
    ...a,
    steps: Object.fromEntries(Object.entries(a.steps).filter(same)),
    ...(alike ? {} : { lines: [], executed: [], statements: [] }),
  };
}

function listIn(value: Json | undefined): readonly Json[] {
  return isList(value) ? value : [];
}

function pairsIn(value: Json | undefined): Array<readonly [Json, Json]> {
  return listIn(value).filter((pair): pair is [Json, Json] => isList(pair) && pair.length === 2);
}

function isList(value: Json | undefined): value is Json[] {
  return Array.isArray(value);
}

function isText(value: Json): value is string {
  return typeof value === "string";
}

function isLine(value: Json): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
