// Whether a value is well tagged. Found in the file, with line and field, it is the file's fault; found by the
// interpreter it would look like the program's.

import { Float, type Json } from "../core/json.js";
import { suggestion } from "../core/schema.js";

export interface Fault {
  readonly message: string;
  /** From the value to the place of the fault. */
  readonly path: PropertyKey[];
}

type Body = (body: Json, anyTag: boolean) => Fault | null;

/** What the tag of a value that a program can be given must hold. */
const GIVEN: Readonly<Record<string, Body>> = {
  $tuple: faultInItems,
  $set: faultInItems,
  $deque: faultInItems,
  $list_node: faultInItems,
  $tree_node: faultInItems,
  $dict: faultInPairs,
  $int: text(/^-?\d+$/, "digits"),
  $float: text(/^(nan|inf|-inf)$/, '"nan", "inf" or "-inf"'),
  $bytes: text(/^([0-9a-fA-F]{2})*$/, "an even number of hexadecimal digits"),
};

/** What else a value may hold that a program leaves behind. */
const LEFT: Readonly<Record<string, Body>> = {
  $repr: text(/^/, "a text"),
  $enum: text(/^/, "a text"),
  $big: text(/^/, "the name of a type"),
  $foreign: text(/^/, "the name of a type"),
  $cycle: (body) => (typeof body === "number" ? null : { message: "expected a whole number", path: [] }),
};

/** The first fault of a tagged value. @param anyTag  also the tags that no program can be given */
export function faultIn(value: Json | undefined, anyTag: boolean): Fault | null {
  if (value === undefined) return { message: "expected a value", path: [] };
  if (Array.isArray(value)) return faultInItems(value as readonly Json[], anyTag);
  if (!isObject(value)) return null;
  const keys = Object.keys(value);
  const tag = keys.find((key) => key.startsWith("$"));
  if (tag === undefined) return faultInFields(value, anyTag);
  if (tag === "$obj" && anyTag) return faultInInstance(value);
  const check = GIVEN[tag] ?? (anyTag ? LEFT[tag] : undefined);
  if (!check) return unknownTag(tag, anyTag);
  if (keys.length > 1) return { message: `expected nothing beside "${tag}"`, path: [] };
  return within(tag, check(value[tag], anyTag));
}

export function isObject(value: unknown): value is Readonly<Record<string, Json>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Float);
}

function unknownTag(tag: string, anyTag: boolean): Fault {
  if (tag === "$obj" || tag in LEFT) {
    return { message: `a value tagged "${tag}" cannot be given to a program`, path: [] };
  }
  const known = [...Object.keys(GIVEN), ...(anyTag ? ["$obj", ...Object.keys(LEFT)] : [])];
  return { message: `unknown tag "${tag}"${suggestion(tag, known)}; a dict with such a key is a "$dict"`, path: [] };
}

function faultInItems(body: Json, anyTag: boolean): Fault | null {
  if (!Array.isArray(body)) return { message: "expected an array", path: [] };
  for (const [index, item] of (body as readonly Json[]).entries()) {
    const fault = faultIn(item, anyTag);
    if (fault) return within(index, fault);
  }
  return null;
}

function faultInPairs(body: Json, anyTag: boolean): Fault | null {
  if (!Array.isArray(body)) return { message: "expected an array of pairs", path: [] };
  for (const [index, pair] of (body as readonly Json[]).entries()) {
    const isPair = Array.isArray(pair) && pair.length === 2;
    const fault = isPair ? faultInItems(pair, anyTag) : { message: "expected a pair [key, value]", path: [] };
    if (fault) return within(index, fault);
  }
  return null;
}

function faultInFields(fields: Readonly<Record<string, Json>>, anyTag: boolean): Fault | null {
  for (const [key, item] of Object.entries(fields)) {
    const fault = faultIn(item, anyTag);
    if (fault) return within(key, fault);
  }
  return null;
}

function faultInInstance(value: Readonly<Record<string, Json>>): Fault | null {
  const { $obj: name, attrs, ...others } = value;
  if (typeof name !== "string" || !isObject(attrs) || Object.keys(others).length > 0) {
    return { message: 'expected {"$obj": the name of the class, "attrs": {...}}', path: [] };
  }
  return within("attrs", faultIn(attrs, true));
}

function text(pattern: RegExp, expected: string): Body {
  return (body) =>
    typeof body === "string" && pattern.test(body) ? null : { message: `expected ${expected}`, path: [] };
}

function within(key: PropertyKey, fault: Fault | null): Fault | null {
  return fault && { message: fault.message, path: [key, ...fault.path] };
}
