// How tests write moments down.

import { stringifyJson } from "../core/json.js";
import type { Moment } from "./moments.js";

/** `3 f t=1 x=[1]`: line, function, what changed; `x!` has no value any more. */
export function told({ line, scope, changes }: Moment): string {
  const words = changes.map(([key, value]) => {
    const name = scope !== "" && key.startsWith(`${scope}.`) ? key.slice(scope.length + 1) : key;
    return value === undefined ? `${name}!` : `${name}=${stringifyJson(value)}`;
  });
  return [line, ...(scope === "" ? [] : [scope]), ...words].join(" ");
}
