// A text for a tagged value, the same for two values exactly where Python holds them equal: so partners among many are
// found by sorting and looking up, not by trying each with each. Exact only: no tolerance has such a text.

import { sha256 } from "../core/files.js";
import type { Json } from "../core/json.js";
import { normalise } from "./normal.js";

interface KeyRules {
  readonly unordered: boolean;
  readonly tupleAsList: boolean;
}

/** Longer keys are replaced by their digest: what stands deep in a value would be copied at every level. */
const MAX_KEY_LENGTH = 128;

/** Null for what equals nothing, and for what holds such a thing. */
export function keyOf(value: Json, rules: KeyRules): string | null {
  const normal = normalise(value, rules.tupleAsList);
  switch (normal.kind) {
    case "number":
      return numberKey(normal.value);
    case "text":
      return shortened(`t${normal.value}`);
    case "sequence":
      return joined("s", keysOf(normal.items, rules), rules.unordered && !normal.ordered);
    case "set":
      return joined("b", keysOf(normal.items, rules), true);
    case "dict":
      return joined(
        "d",
        normal.entries.map(([key, item]) => {
          const name = keyOf(key, { ...rules, unordered: false });
          const content = keyOf(item, rules);
          return name === null || content === null ? null : part(name) + content;
        }),
        true,
      );
    case "nothing":
      return null;
    default:
      return normal satisfies never;
  }
}

function keysOf(items: readonly Json[], rules: KeyRules): Array<string | null> {
  return items.map((item) => keyOf(item, rules));
}

function joined(kind: string, keys: ReadonlyArray<string | null>, sorted: boolean): string | null {
  if (keys.includes(null)) return null;
  const parts = keys as string[];
  return shortened(kind + (sorted ? [...parts].sort() : parts).map(part).join(""));
}

/** With its length in front, so that no two lists of parts join to the same text. */
function part(key: string): string {
  return `${key.length}:${key}`;
}

function shortened(key: string): string {
  return key.length > MAX_KEY_LENGTH ? `#${sha256(key)}` : key;
}

/** Integers by their digits and floats that are whole as integers; NaN has none. */
function numberKey(value: number | bigint): string | null {
  if (typeof value === "bigint" || !Number.isFinite(value)) {
    return Number.isNaN(value) ? null : shortened(`n${value}`);
  }
  return Number.isInteger(value) ? `n${BigInt(value)}` : `n${value}`;
}
