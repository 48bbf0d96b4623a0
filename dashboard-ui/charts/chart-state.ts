// What a reader has set for the charts of a view, kept in its address: smoothing, zoom, the pinned step, what is hidden.

import type { Parameters } from "../route.js";
import type { Spread } from "./curves.js";

export interface ChartState {
  /** 0 to 0.99. */
  readonly smoothing: number;
  readonly spread: Spread;
  /** First and last step shown; null shows all. */
  readonly zoom: readonly [from: number, to: number] | null;
  readonly pinned: number | null;
  /** Toggles of lines that are not shown. */
  readonly hidden: ReadonlySet<string>;
  /** Charts whose axis is logarithmic. */
  readonly log: ReadonlySet<string>;
  /** By chart: the metric it shows, where it shows one of many. */
  readonly picked: ReadonlyMap<string, string>;
}

export function readChartState(parameters: URLSearchParams): ChartState {
  const [from, to] = [numberIn(parameters, "from"), numberIn(parameters, "to")];
  return {
    smoothing: Math.min(0.99, Math.max(0, numberIn(parameters, "smooth") ?? 0)),
    spread: parameters.get("band") === "deviation" ? "deviation" : "range",
    zoom: from !== null && to !== null && from < to ? [from, to] : null,
    pinned: numberIn(parameters, "step"),
    hidden: new Set(parameters.getAll("hide")),
    log: new Set(parameters.getAll("log")),
    picked: new Map(parameters.getAll("pick").map((pick) => pairOf(pick))),
  };
}

/** For the address; what is as at first is left out. */
export function chartParameters({ smoothing, spread, zoom, pinned, hidden, log, picked }: ChartState): Parameters {
  return {
    smooth: smoothing === 0 ? null : smoothing,
    band: spread === "range" ? null : spread,
    from: zoom?.[0],
    to: zoom?.[1],
    step: pinned,
    hide: [...hidden],
    log: [...log],
    pick: [...picked].map((pair) => pair.join(" ")),
  };
}

export function toggled(set: ReadonlySet<string>, item: string): ReadonlySet<string> {
  return set.has(item) ? new Set([...set].filter((other) => other !== item)) : new Set([...set, item]);
}

/** `types alignment/right_int`: neither has a space. */
function pairOf(pick: string): readonly [chart: string, metric: string] {
  const [chart = "", metric = ""] = pick.split(" ", 2);
  return [chart, metric];
}

function numberIn(parameters: URLSearchParams, name: string): number | null {
  const value = Number.parseFloat(parameters.get(name) ?? "");
  return Number.isFinite(value) ? value : null;
}
