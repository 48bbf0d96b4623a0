// A row of somebody else's data set: its fields by name, and what is said of one that cannot become a problem. Rows are
// hostile or broken now and then; that is data, counted by its reason, and never ends the reading.

import { entriesOf, type Json, stringifyJson } from "../../core/json.js";
import type { Comparison, Limits, Problem, Test } from "../problem.js";
import { isObject } from "../tags.js";

export type Row = Readonly<Record<string, Json | undefined>>;

/** A problem before its defaults are filled in and its schema has looked at it. */
export type Draft = Pick<Problem, "id" | "language" | "prompt"> &
  Partial<Omit<Problem, "comparison" | "limits" | "tests">> & {
    readonly tests: readonly Test[];
    readonly comparison?: Partial<Comparison>;
    readonly limits?: Partial<Limits>;
  };

/** Why a row is no problem. Thrown while a row is read, caught where rows are counted. */
export class RowFault extends Error {
  override readonly name = "RowFault";
  constructor(
    /** `skipped`: the row is fine, but not for us (mathematics, another language). `malformed`: it is broken. */
    readonly kind: "skipped" | "malformed",
    /** The same for all rows with this trouble, so that they can be counted. */
    readonly reason: string,
    /** What it was in this row. */
    readonly detail = "",
  ) {
    super(detail === "" ? reason : `${reason}; ${detail}`);
  }
}

export function skip(reason: string, detail = ""): never {
  throw new RowFault("skipped", reason, detail);
}

/** @param where  place inside the field, such as `[3]` */
export function malformed(field: string, expected: string, found: unknown, where = ""): never {
  const place = where === "" ? "" : `at ${field}${where}: `;
  throw new RowFault("malformed", `${field}: expected ${expected}`, `${place}found ${shown(found)}`);
}

const SHOWN_CHARACTERS = 60;

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  // Never the whole of it: a field may hold megabytes.
  const text = typeof value === "string" ? stringifyJson(value.slice(0, SHOWN_CHARACTERS + 1)) : stringifyJson(value);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 3)}...` : text;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeText(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new RowFault("malformed", "row: not UTF-8");
  }
}

export function rowOf(value: Json | undefined, field: string): Row {
  if (!isObject(value)) malformed(field, "an object", value);
  return Object.fromEntries(entriesOf(value));
}

export function textOf(row: Row, field: string): string {
  const value = row[field];
  return typeof value === "string" ? value : malformed(field, "a text", value);
}

/** Undefined where it is missing, null or blank. */
export function optionalText(row: Row, field: string): string | undefined {
  const value = row[field];
  if (value === undefined || value === null) return undefined;
  const text = textOf(row, field);
  return text.trim() === "" ? undefined : text;
}

/** What the data set itself calls the row, by the first of these fields that is there: a text or a whole number. */
export function nameIn(row: Row, ...fields: readonly string[]): string | undefined {
  const name = fields.map((field) => row[field]).find((value) => value !== undefined && value !== null && value !== "");
  return typeof name === "string" || typeof name === "number" ? String(name) : undefined;
}

export function listOf(row: Row, field: string): readonly Json[] {
  const value = row[field];
  return Array.isArray(value) ? (value as readonly Json[]) : malformed(field, "a list", value);
}

export function textsOf(row: Row, field: string): readonly string[] {
  return listOf(row, field).map((item, index) =>
    typeof item === "string" ? item : malformed(field, "a list of texts", item, `[${index}]`),
  );
}

/** The fields of these names that are there and not empty: what a problem keeps as metadata. */
export function kept(row: Row, ...fields: readonly string[]): Record<string, Json> {
  const entries = fields.flatMap((field) => {
    const value = row[field];
    return value === undefined || value === null || value === "" ? [] : [[field, value] as const];
  });
  return Object.fromEntries(entries);
}
