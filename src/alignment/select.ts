// Which variables of a trace are asked.

import type { Json } from "../core/json.js";
import type { Rng } from "../core/rng.js";
import type { Trace } from "../tracer/trace.js";

export const selections = ["lastAssigned", "all", "random"] as const;

export interface Selection {
  readonly selection: (typeof selections)[number];
  /** At most this many; `all` ignores it. */
  readonly maximumVariables: number;
}

/** Variables whose final value is well defined and can be written down; in source order of their last assignment. */
export function askable(trace: Trace): string[] {
  const excluded = new Set([...trace.ambiguous, ...trace.nondeterministic, ...trace.parameters]);
  const recursive = new Set(trace.recursive);
  return Object.entries(trace.variables)
    .filter(([name, value]) => !excluded.has(name) && !recursive.has(scopeOf(name)) && !isTooBig(value))
    .map(([name]) => name);
}

/** The variables to ask, in source order. */
export function selectVariables(trace: Trace, options: Selection, rng: Rng): string[] {
  return select(askable(trace), options, rng);
}

/** Some of these names, in their order. */
export function select(names: readonly string[], options: Selection, rng: Rng): string[] {
  switch (options.selection) {
    case "all":
      return [...names];
    case "lastAssigned":
      return names.slice(-options.maximumVariables);
    case "random": {
      const chosen = new Set(rng.shuffled(names).slice(0, options.maximumVariables));
      return names.filter((name) => chosen.has(name));
    }
    default:
      return options.selection satisfies never;
  }
}

/** Whether the value, or anything in it, is over the tracer's size limit or has no form as data. */
export function isTooBig(value: Json): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("$big" in value || "$foreign" in value) return true;
  return Object.values(value).some((item) => isTooBig(item as Json));
}

/** The path of the function that a variable belongs to; empty for the module's. */
export function scopeOf(name: string): string {
  return name.split(".").slice(0, -1).join(".");
}
