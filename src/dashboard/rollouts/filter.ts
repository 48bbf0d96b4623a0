// Which rollouts a filter keeps: one pass over columns of numbers, with a table of what is kept for each of them.

import type { z } from "zod";
import type { endpoints } from "../api/endpoints.js";
import { kinds, MAX_REASONS } from "./columns.js";
import type { StepRows } from "./segment-file.js";
import type { View } from "./view.js";

/** As an endpoint's question has it. */
export type Filter = Omit<z.output<(typeof endpoints)["search"]["query"]>, "run" | "text" | "cursor">;

export interface Sieve {
  keepsStep(step: number): boolean;
  /** @param at  its number among the rows of the columns */
  keepsRow(rows: StepRows, at: number): boolean;
}

export function sieveOf(filter: Filter, { problems, reasons }: Pick<View, "problems" | "reasons">): Sieve {
  const { task, verdict, reason, problem, fromStep = 0, toStep = Number.POSITIVE_INFINITY } = filter;
  const kind = Uint8Array.from(kinds, (of) =>
    Number((task === undefined || of.task === task) && (verdict === undefined || of.verdict === verdict)),
  );
  const reasonKept = new Uint8Array(MAX_REASONS + 1).fill(Number(reason === undefined));
  if (reason !== undefined) reasonKept[reasons.indexOf(reason) + 1] = Number(reasons.includes(reason));
  const part = problem?.toLowerCase();
  const problemKept = Uint8Array.from(problems, (name) =>
    Number(part === undefined || name.toLowerCase().includes(part)),
  );
  const isBounded = filter.minimumReward !== undefined || filter.maximumReward !== undefined;
  const { minimumReward = Number.NEGATIVE_INFINITY, maximumReward = Number.POSITIVE_INFINITY } = filter;
  return {
    keepsStep: (step) => step >= fromStep && step <= toStep,
    keepsRow: ({ columns }, at) =>
      kind[columns.kind[at]] === 1 &&
      reasonKept[columns.reason[at]] === 1 &&
      problemKept[columns.problem[at]] === 1 &&
      // None is a NaN, which no bound keeps.
      (!isBounded || (columns.reward[at] >= minimumReward && columns.reward[at] <= maximumReward)),
  };
}

/** Places of the rollouts that the filter keeps, in the view's order. */
export function matchesIn(view: View, filter: Filter): Uint32Array {
  const sieve = sieveOf(filter, view);
  const places = new Uint32Array(view.size);
  let found = 0;
  for (const [i, rows] of view.steps.entries()) {
    if (!sieve.keepsStep(rows.step)) continue;
    const shift = view.starts[i] - rows.start;
    const end = rows.start + rows.count;
    for (let at = rows.start; at < end; at++) {
      if (sieve.keepsRow(rows, at)) places[found++] = at + shift;
    }
  }
  return places.slice(0, found);
}
