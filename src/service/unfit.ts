// A body that does not fit `POST /run_code`, said as SandboxFusion's own framework says it: a list of what is wrong where.

import type { z } from "zod";

interface Fault {
  readonly type: string;
  readonly loc: ReadonlyArray<string | number>;
  readonly msg: string;
  readonly input: unknown;
  readonly ctx?: Readonly<Record<string, string>>;
}

export function faultsIn(error: z.ZodError, body: unknown): Fault[] {
  return error.issues.slice(0, MOST_FAULTS).map((issue) => {
    const fault = faultOf(issue, body);
    return { ...fault, input: echoOf(fault.input) };
  });
}

const MOST_FAULTS = 100;
const LONGEST_ECHO = 10_000;

/** What was found, where that is short enough to be said again. */
function echoOf(input: unknown): unknown {
  try {
    return (JSON.stringify(input)?.length ?? 0) <= LONGEST_ECHO ? input : null;
  } catch {
    return null; // Nested deeper than can be written.
  }
}

/** @param at  where in the text, as far as that is known */
export function notJson(message: string, at: number): Fault[] {
  return [{ type: "json_invalid", loc: ["body", at], msg: "JSON decode error", input: {}, ctx: { error: message } }];
}

/** What is expected, by our name and by its. */
const TYPES: Readonly<Record<string, readonly [type: string, words: string]>> = {
  string: ["string_type", "string"],
  number: ["float_type", "number"],
  int: ["int_type", "integer"],
  array: ["list_type", "list"],
  record: ["dict_type", "dictionary"],
  object: ["model_attributes_type", "dictionary or object to extract fields from"],
};

function faultOf(issue: z.core.$ZodIssue, body: unknown): Fault {
  const path = issue.path.map((part) => (typeof part === "number" ? part : String(part)));
  const loc = ["body", ...path];
  const holder = valueAt(body, path.slice(0, -1));
  const input = valueAt(body, path);
  if (issue.code === "invalid_type" && input === undefined && path.length > 0) {
    return { type: "missing", loc, msg: "Field required", input: holder };
  }
  if (issue.code === "invalid_type") {
    const [type, words] = TYPES[issue.expected] ?? ["value_error", issue.expected];
    return { type, loc, msg: `Input should be a valid ${words}`, input };
  }
  if (issue.code === "invalid_value") {
    const words = issue.values.map((value) => `'${String(value)}'`);
    const expected = `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
    return { type: "literal_error", loc, msg: `Input should be ${expected}`, input, ctx: { expected } };
  }
  return { type: "value_error", loc, msg: issue.message, input };
}

function valueAt(body: unknown, path: ReadonlyArray<string | number>): unknown {
  return path.reduce<unknown>((value, part) => (value as Record<string, unknown> | null | undefined)?.[part], body);
}
