// The loose equality of the official CodeRL+ recipe (recipe/reward/reward_function_coderlplus.py,
// check_value_equality), kept so that numbers can be compared with it: 1 == True == "true", "[1, 2]" == [1, 2].

import { Float, type Json } from "../core/json.js";

type Plain = null | boolean | number | string | Plain[] | { [key: string]: Plain };

/** Golden case coderlplus/value_equality. */
export function officiallyEqual(truth: Json, predicted: Json | undefined): boolean {
  return predicted !== undefined && equal(plain(truth), plain(predicted));
}

function equal(a: Plain, b: Plain): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => equal(item, b[i]));
  if (isRecord(a) && isRecord(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && equal(a[key], b[key]));
  }
  const [x, y] = [scalar(a), scalar(b)];
  if (typeof x === "number" && typeof y === "number") return x === y || Math.abs(x - y) < 1e-9;
  return pythonText(x) === pythonText(y);
}

/** Booleans and their words as 0 and 1, numerals as numbers, null's word as null. */
function scalar(value: Plain): Plain {
  if (typeof value === "boolean") return Number(value);
  if (typeof value !== "string") return value;
  const word = value.trim().toLowerCase();
  if (word === "true" || word === "false") return Number(word === "true");
  if (word === "null" || word === "none") return null;
  return word !== "" && Number.isFinite(Number(word)) ? Number(word) : value.trim();
}

/** Tags dropped as the recipe's own json.dumps would: tuples, sets and deques are lists, every key is a string. */
function plain(value: Json): Plain {
  if (value instanceof Float) return value.value;
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value as Plain;
  const record = value as Readonly<Record<string, Json>>;
  const list = record["$tuple"] ?? record["$set"] ?? record["$deque"];
  if (Array.isArray(list)) return list.map(plain);
  if (typeof record["$int"] === "string") return Number(record["$int"]);
  if (Array.isArray(record["$dict"])) {
    return Object.fromEntries(
      (record["$dict"] as ReadonlyArray<readonly [Json, Json]>).map(([key, item]) => [
        pythonText(plain(key)),
        plain(item),
      ]),
    );
  }
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, plain(item)]));
}

function pythonText(value: Plain): string {
  if (value === null) return "None";
  if (Array.isArray(value)) return `[${value.map(quoted).join(", ")}]`;
  if (isRecord(value))
    return `{${Object.entries(value)
      .map(([key, item]) => `'${key}': ${quoted(item)}`)
      .join(", ")}}`;
  return String(value);
}

function quoted(value: Plain): string {
  return typeof value === "string" ? `'${value}'` : pythonText(value);
}

function isRecord(value: unknown): value is Record<string, Plain> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
