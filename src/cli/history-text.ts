// What happened along the way of a run as text for people, below the table of final values.

import type { Language } from "../problems/notation.js";
import { valueText } from "../problems/value-text.js";
import type { History } from "../tracer/history.js";
import { cut, printable, type Screen } from "./trace-table.js";

/** One line a variable with its values in the order of time, then the lines in that order, then those never executed. */
export function historyText(history: History | null, screen: Screen, language: Language): string {
  if (history === null) return "\nno history: recorded, the program took another course\n";
  const steps = Object.entries(history.steps).map(
    ([key, values]) => `${key}: ${values.map((value, i) => `@${i + 1} ${valueText(value, language)}`).join("  ")}`,
  );
  const done = new Set(history.executed);
  const never = history.statements.filter(([line]) => !done.has(line)).map(([line]) => line);
  const text = [
    "values along the way (k-th assignment)",
    ...steps,
    "",
    `lines, in the order of time: ${history.lines.map(([line]) => line).join(" ")}`,
    `never executed: ${never.length === 0 ? "none" : never.join(" ")}`,
  ];
  return `\n${text.map((line) => cut(printable(line), screen.width)).join("\n")}\n`;
}
