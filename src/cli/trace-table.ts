// A trace as text for people: one line a variable, then how the program ended. The record for programs is `--json`.

import pc from "picocolors";
import { isTooBig } from "../alignment/select.js";
import type { Json } from "../core/json.js";
import type { Language } from "../problems/notation.js";
import { valueText } from "../problems/value-text.js";
import type { Trace } from "../tracer/trace.js";
import { textTable } from "./table.js";

export interface Screen {
  /** Columns of the terminal; null where nothing is cut. */
  readonly width: number | null;
  readonly color: boolean;
}

const HEAD = ["scope", "variable", "value", "flags"];
const LEAST_VALUE_WIDTH = 16;

/**
 * Scope, variable, value as its language writes it, and what speaks against asking for it; then result, output and end.
 * What the program made is escaped: it must not steer the terminal.
 */
export function traceTable(trace: Trace, screen: Screen, language: Language = "python"): string {
  const { bold, red } = pc.createColors(screen.color);
  const { variables, ambiguous, nondeterministic } = trace;
  const valueless = [...ambiguous, ...nondeterministic].filter((key) => !Object.hasOwn(variables, key));
  const rows = [
    ...Object.entries(variables).map(([key, value]) => [
      ...place(key),
      valueText(value, language),
      flags(key, value, trace),
    ]),
    ...valueless.map((key) => [...place(key), "-", flags(key, null, trace)]),
  ].map((row) => row.map(printable));
  const [head = "", ...lines] = textTable(fitted([HEAD, ...rows], screen.width)).split("\n");
  const facts = [
    ...(trace.returned === undefined ? [] : [["returned", valueText(trace.returned, language)]]),
    ["stdout", valueText(trace.stdout, language)],
    ["status", trace.status],
    ...(trace.message === "" ? [] : [["message", trace.message]]),
    ...(trace.outputNondeterministic ? [["output", "another one in a second run"]] : []),
    ...(trace.tampered ? [["tampered", "it touches what the tracer stands on: nothing here is certain"]] : []),
    ["engine", trace.engine],
  ].map(([name = "", text = ""]) => cut(`${name.padEnd(10)}${printable(text)}`, screen.width));
  const alarming = /^(tampered|status {4}(?!ok$|exit$))/;
  const end = facts.map((line) => (alarming.test(line) ? red(line) : line));
  return `${[...(rows.length === 0 ? ["no variables"] : [bold(head), ...lines]), "", ...end].join("\n")}\n`;
}

function place(key: string): readonly [scope: string, name: string] {
  const at = key.lastIndexOf(".");
  return at < 0 ? ["", key] : [key.slice(0, at), key.slice(at + 1)];
}

function flags(key: string, value: Json, trace: Trace): string {
  const named = { ambiguous: trace.ambiguous, nondeterministic: trace.nondeterministic, parameter: trace.parameters };
  return [
    ...(trace.recursive.includes(place(key)[0]) ? ["recursive"] : []),
    ...Object.entries(named).flatMap(([name, keys]) => (keys.includes(key) ? [name] : [])),
    ...(isTooBig(value) ? ["big"] : []),
  ].join(", ");
}

/** Characters that would move the cursor, turn the direction of writing or show nothing are shown by number. */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`,
  );
}

/** The rows with their values cut so that each fits on a line. */
function fitted(rows: ReadonlyArray<readonly string[]>, width: number | null): string[][] {
  const others = [0, 1, 3].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)) + 2);
  const room = width && Math.max(LEAST_VALUE_WIDTH, width - others.reduce((a, b) => a + b));
  return rows.map((row) => row.map((cell, i) => (i === 2 ? cut(cell, room) : cell)));
}

export function cut(text: string, width: number | null): string {
  const characters = Array.from(text);
  return width === null || characters.length <= width ? text : `${characters.slice(0, width - 1).join("")}…`;
}
