// What a record's schema says when the record does not fit: one line for a person, with the nearest known key.

import { z } from "zod";
import { Float, stringifyJson } from "./json.js";

/** A plain number in a record, written with or without a point; `schema` says which numbers are meant. */
export function number(schema: z.ZodNumber = z.number()): z.ZodPreprocess<z.ZodNumber> {
  return z.preprocess((input) => (input instanceof Float ? input.value : input), schema);
}

/** One line for the most telling thing wrong: the field, what was found, what was expected, the nearest known key. */
export function explain(error: z.ZodError, input: unknown, schema: z.core.$ZodType): string {
  const issue = mostTelling(error.issues);
  if (issue.code === "unrecognized_keys") {
    return unknownKey(issue.keys[0], issue.path, knownKeys(schema, issue.path, input));
  }
  const found = valueAt(input, issue.path);
  const misspelt = found === undefined ? misspeltKind(issue, input, schema) : undefined;
  return (
    misspelt ??
    `${whereabouts(issue.path)}${expectation(issue)}; found ${found === undefined ? "nothing" : shorten(found)}`
  );
}

function unknownKey(key: string, path: readonly PropertyKey[], known: readonly string[]): string {
  return `${whereabouts(path)}unknown key "${key}"${suggestion(key, known)}`;
}

function whereabouts(path: readonly PropertyKey[]): string {
  const field = path.map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`)).join("");
  return field === "" ? "" : `${field.replace(/^\./, "")}: `;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | null | undefined)?.[part],
    input,
  );
}

/** A misspelt key is behind many a missing one, so it is named first. */
function mostTelling(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  const inner = issues.map(deepest);
  return inner.find(({ code }) => code === "unrecognized_keys") ?? inner[0];
}

/** Of a union, what its nearest member says: the one that fits down to the deepest field. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return issue;
  const best = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0];
  const inner = best && best.length > 0 ? mostTelling(best) : undefined;
  return inner && inner.path.length > 0 ? { ...inner, path: [...issue.path, ...inner.path] } : issue;
}

function depth(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length));
}

function expectation(issue: z.core.$ZodIssue): string {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return plain(issue.message);
  return [...new Set(issue.errors.flatMap(([first]) => (first ? [plain(first.message)] : [])))].join(" or ");
}

/** What is expected, without the library's own word for the trouble and for the type that was found. */
function plain(message: string): string {
  return message.replace(/^(?:Invalid \w+|Too \w+): (?=expected)/, "").replace(/, received [\w ]+$/, "");
}

/** Where the key that tells the members of a union apart is missing: the unknown key in its place. */
function misspeltKind(issue: z.core.$ZodIssue, input: unknown, schema: z.core.$ZodType): string | undefined {
  if (issue.code !== "invalid_union") return undefined;
  const parent = issue.path.slice(0, -1);
  const known = knownKeys(schema, parent, input);
  const key = Object.keys(valueAt(input, parent) ?? {}).find((name) => !known.includes(name));
  return key === undefined ? undefined : unknownKey(key, parent, known);
}

/** The keys that the schema knows where the path leads; of a union, those of the members that `input` may be. */
export function knownKeys(schema: z.core.$ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const { def } = schema._zod as { def: SchemaDefinition };
  const inner = def.innerType ?? (def.in?._zod.def.type === "transform" ? def.out : def.in);
  if (inner) return knownKeys(inner, path, input);
  if (def.options) {
    const members = membersFor(def.options, def.discriminator, input);
    return [...new Set(members.flatMap((member) => knownKeys(member, path, input)))];
  }
  const [head, ...rest] = path;
  if (head === undefined) return Object.keys(def.shape ?? {});
  const next = def.element ?? def.valueType ?? def.shape?.[String(head)];
  return next ? knownKeys(next, rest, valueAt(input, [head])) : [];
}

function membersFor(
  options: readonly z.core.$ZodType[],
  discriminator: string | undefined,
  input: unknown,
): readonly z.core.$ZodType[] {
  if (discriminator === undefined) return options;
  const kind = valueAt(input, [discriminator]) as z.core.util.Primitive;
  const fitting = options.filter((option) => option._zod.propValues?.[discriminator]?.has(kind));
  return fitting.length > 0 ? fitting : options;
}

interface SchemaDefinition {
  readonly innerType?: z.core.$ZodType;
  readonly in?: z.core.$ZodType;
  readonly out?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly discriminator?: string;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
}

function shorten(value: unknown): string {
  const text = textOf(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** What has no form in JSON is shown as well: 1e999, or what is nested deeper than can be written. */
function textOf(value: unknown): string {
  try {
    return stringifyJson(value);
  } catch {
    return typeof value === "number" ? String(value) : "what is nested too deep";
  }
}

/** ` (did you mean "x"?)`, or the known words where none is near: a few letters off, or the word begun or cut short. */
export function suggestion(word: string, known: readonly string[]): string {
  const lower = word.toLowerCase();
  const near = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
    .find(
      ({ candidate, distance }) => distance <= Math.max(2, word.length / 2) || begins(lower, candidate.toLowerCase()),
    );
  if (near) return ` (did you mean "${near.candidate}"?)`;
  return known.length === 0 ? "" : `; known: ${known.join(", ")}`;
}

function begins(a: string, b: string): boolean {
  return Math.min(a.length, b.length) >= 3 && (a.startsWith(b) || b.startsWith(a));
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
