// What a record's schema says when the record does not fit: one line for a person, with the nearest known key.

import { z } from "zod";
import { Float, stringifyJson } from "./json.js";

/** A plain number in a record, written with or without a point. */
export const number = z.union([z.number(), z.instanceof(Float).transform((float) => float.value)]);

/** One line for the first thing wrong: the field, what was found, what was expected, the nearest known key. */
export function explain(error: z.ZodError, input: unknown, schema: z.core.$ZodType): string {
  const issue = deepest(error.issues[0]);
  const field = issue.path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  const where = field === "" ? "" : `${field.replace(/^\./, "")}: `;
  if (issue.code === "unrecognized_keys") {
    const unknown = issue.keys[0];
    return `${where}unknown key "${unknown}"${suggestion(unknown, knownKeys(schema, issue.path))}`;
  }
  const found = issue.path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    input,
  );
  return `${where}${issue.message}; found ${found === undefined ? "nothing" : shorten(found)}`;
}

function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0]?.[0];
  return best && best.path.length > 0 ? deepest({ ...best, path: [...issue.path, ...best.path] }) : issue;
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

/** The keys that the schema knows where the path leads; of a union, those of all its members. */
function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const { def } = schema._zod as { def: SchemaDefinition };
  const inner = def.innerType ?? def.in;
  if (inner) return knownKeys(inner, path);
  if (def.options) return [...new Set(def.options.flatMap((option) => knownKeys(option, path)))];
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(def.shape ?? {});
  const next = def.element ?? def.valueType ?? def.shape?.[String(head)];
  return next ? knownKeys(next, rest) : [];
}

interface SchemaDefinition {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

function shorten(value: unknown): string {
  const text = stringifyJson(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** ` (did you mean "x"?)`, or nothing where no known word is near. */
export function suggestion(word: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)[0];
  if (!near) return "";
  return near.distance <= Math.max(2, word.length / 2)
    ? ` (did you mean "${near.candidate}"?)`
    : `; known: ${known.join(", ")}`;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}
