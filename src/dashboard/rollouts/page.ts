// Rows of rollouts by filter and order, some at a time. What was chosen last is kept for the next page of it.

import type { RolloutPage } from "../api/rollouts.js";
import { type Filter, matchesIn } from "./filter.js";
import { type Order, ordered } from "./order.js";
import { rolloutRow, rowAt, type View } from "./view.js";

const MAX_ROWS = 1000;
const DEFAULT_ROWS = 100;
/** Each takes up to four bytes a rollout. */
const KEPT = 4;

export interface PageQuestion extends Filter {
  readonly order?: Order | undefined;
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
}

export class Pages {
  readonly #chosen = new Map<string, { readonly view: View; readonly places: Uint32Array }>();

  page(
    view: View,
    { offset = 0, limit = DEFAULT_ROWS, order = "newest", ...filter }: PageQuestion,
  ): Omit<RolloutPage, "index"> {
    const places = this.#choose(view, filter, order);
    const rows = places.subarray(offset, offset + Math.min(limit, MAX_ROWS));
    return { total: places.length, offset, rows: Array.from(rows, (place) => rolloutRow(view, rowAt(view, place))) };
  }

  #choose(view: View, filter: Filter, order: Order): Uint32Array {
    const key = JSON.stringify([order, Object.entries(filter).toSorted(([a], [b]) => (a < b ? -1 : 1))]);
    const known = this.#chosen.get(key);
    this.#chosen.delete(key);
    const places = known?.view === view ? known.places : ordered(view, matchesIn(view, filter), order);
    this.#chosen.set(key, { view, places });
    for (const [oldest] of this.#chosen) {
      if (this.#chosen.size <= KEPT) break;
      this.#chosen.delete(oldest);
    }
    return places;
  }
}
