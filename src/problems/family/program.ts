// A composition of operations as a Python program: a function of one argument, or a script from stdin to stdout.

import { type Constant, codeOf, type Operation, type Style, type ValueType } from "./operations.js";

export interface Step {
  readonly operation: Operation;
  readonly constant: Constant;
}

/** How a program gets its input: as the argument of `f`, or as a line on stdin. */
export type Form = "function" | "stdin";

const VARIABLES = "abcd";
const HELPERS = "ghpq"; // one a step that has one: a name for two functions would make their variables ambiguous

const READ: Readonly<Partial<Record<ValueType, string>>> = {
  ints: "x = [int(t) for t in input().split()]",
  int: "x = int(input())",
  string: "x = input()",
  strings: "x = input().split()",
};

/** Types that a line on stdin can hold; the same ones can be printed. */
export const PRINTABLE = Object.keys(READ) as ValueType[];

/** The program's first line: given to the model, never asked of it. No final newline. */
export function starterCode(form: Form, from: ValueType): string {
  return form === "function" ? "def f(x):" : (READ[from] ?? "");
}

/** What follows the starter code, beginning with a newline and ending without one. */
export function body(steps: readonly Step[], styles: readonly Style[], form: Form): string {
  const indent = form === "function" ? "    " : "";
  let helpers = 0;
  const lines = steps.flatMap(({ operation, constant }, index) => {
    const s = index === 0 ? "x" : VARIABLES[index - 1];
    const g = HELPERS[helpers];
    const code = codeOf(operation, styles[index], { s, d: VARIABLES[index], g, k: constant }).split("\n");
    if (code[0].startsWith("def ")) helpers++;
    return code;
  });
  const result = VARIABLES[steps.length - 1];
  const many = ["ints", "strings"].includes(steps[steps.length - 1].operation.to);
  lines.push(form === "function" ? `return ${result}` : `print(${many ? "*" : ""}${result})`);
  return lines.map((line) => `\n${indent}${line}`).join("");
}

export function programOf(steps: readonly Step[], styles: readonly Style[], form: Form): string {
  return starterCode(form, steps[0].operation.from) + body(steps, styles, form);
}

/** The plainest rendering: that of references. */
export function shortStyles(steps: readonly Step[]): Style[] {
  return steps.map(() => "short");
}
