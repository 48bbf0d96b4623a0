// One form for all tagged values that Python holds equal, whatever they were written as. Values that are no exact
// built-in (`$obj`, `$enum`, `$foreign`, `$big`, `$cycle`) have none, and equal nothing.

import { Float, type Json } from "../core/json.js";

export type Entry = readonly [Json, Json];
export type Normal =
  | { readonly kind: "number"; readonly value: number | bigint }
  | { readonly kind: "text"; readonly value: string }
  | {
      readonly kind: "sequence";
      readonly items: readonly Json[];
      /** What "in any order" does not reach: the shape of a tree is in the order of its nodes. */
      readonly ordered?: boolean;
    }
  | { readonly kind: "set"; readonly items: readonly Json[] }
  | { readonly kind: "dict"; readonly entries: readonly Entry[] }
  | { readonly kind: "nothing" };

const NOTHING: Normal = { kind: "nothing" };

/** One form for what Python holds equal; `text` carries its type in front. */
export function normalise(value: Json, tupleAsList: boolean): Normal {
  if (value === null) return { kind: "text", value: "None" };
  if (typeof value === "boolean") return { kind: "number", value: value ? 1 : 0 };
  if (typeof value === "number" || typeof value === "bigint") return { kind: "number", value };
  if (value instanceof Float) return { kind: "number", value: value.value };
  if (typeof value === "string") return { kind: "text", value: `str ${value}` };
  if (Array.isArray(value)) return { kind: "sequence", items: value as readonly Json[] };
  return normaliseTagged(value as { readonly [key: string]: Json }, tupleAsList);
}

function normaliseTagged(value: { readonly [key: string]: Json }, tupleAsList: boolean): Normal {
  const keys = Object.keys(value);
  const tag = keys.length === 1 ? keys[0] : "";
  const body = value[tag];
  if (!tag.startsWith("$")) {
    if (keys.some((key) => key.startsWith("$"))) return NOTHING;
    return { kind: "dict", entries: Object.entries(value) };
  }
  if (typeof body === "string") return normaliseText(tag, body);
  if (!Array.isArray(body)) return NOTHING;
  const items = body as readonly Json[];
  if (tag === "$tuple" && tupleAsList) return { kind: "sequence", items };
  // A tuple in front of its items keeps it apart from a list of the same.
  if (tag === "$tuple") return { kind: "sequence", items: [TUPLE, ...items] };
  if (tag === "$deque") return { kind: "sequence", items: [DEQUE, ...items] };
  if (tag === "$list_node" || tag === "$tree_node") return normaliseNodes(tag, items);
  if (tag === "$set") return { kind: "set", items };
  if (tag === "$dict") return items.every(isEntry) ? { kind: "dict", entries: items } : NOTHING;
  return NOTHING;
}

/** A chain or a tree without a node is None; nodes that are not there are not told at the end of a tree. */
function normaliseNodes(tag: "$list_node" | "$tree_node", items: readonly Json[]): Normal {
  let end = items.length;
  while (tag === "$tree_node" && end > 0 && items[end - 1] === null) end--;
  if (end === 0) return normalise(null, false);
  return { kind: "sequence", ordered: true, items: [tag === "$list_node" ? CHAIN : TREE, ...items.slice(0, end)] };
}

function isEntry(item: Json): item is Entry {
  return Array.isArray(item) && item.length === 2;
}

function normaliseText(tag: string, body: string): Normal {
  if (tag === "$int") {
    if (body.length > MAX_DIGITS || !/^-?\d+$/.test(body)) return NOTHING;
    return { kind: "number", value: BigInt(body) };
  }
  if (tag === "$float") return { kind: "number", value: FLOATS[body] ?? Number.NaN };
  if (tag === "$bytes" || tag === "$repr") return { kind: "text", value: `${tag} ${body}` };
  return NOTHING;
}

/** Reading a longer integer would hold up the host; no test expects one. */
const MAX_DIGITS = 1_000_000;
const TUPLE: Json = { $bytes: "tuple" };
const DEQUE: Json = { $bytes: "deque" };
const CHAIN: Json = { $bytes: "list node" };
const TREE: Json = { $bytes: "tree node" };
const FLOATS: Readonly<Record<string, number>> = {
  inf: Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
};
