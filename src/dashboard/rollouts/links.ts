// From a program that was judged to the alignment rollouts that ask about it, and back: the same problem and the same
// text, at a later step or an earlier one.

import type { RolloutPlace, RolloutRow } from "../api/rollouts.js";
import { kinds } from "./columns.js";
import type { StepRows } from "./segment-file.js";
import { type Row, rolloutRow, type View } from "./view.js";

const MAX_LINKS = 200;

/** The nearest steps first. */
export function linksOf(view: View, own: Row): RolloutRow[] {
  const { columns, step } = own.rows;
  const [low, high] = [columns.hashLow[own.at], columns.hashHigh[own.at]];
  if (low === 0 && high === 0) return [];
  const isCode = kinds[columns.kind[own.at]].task === "code";
  const wanted = isCode ? "alignment" : "code";
  const nearestFirst = isCode ? [...view.steps].reverse() : view.steps;
  const links: RolloutRow[] = [];
  for (const rows of nearestFirst) {
    if (isCode ? rows.step < step : rows.step > step) continue;
    const { columns: others, start, count } = rows;
    for (let at = start; at < start + count; at++) {
      if (others.hashLow[at] !== low || others.hashHigh[at] !== high) continue;
      if (kinds[others.kind[at]].task === wanted) links.push(rolloutRow(view, { rows, at }));
    }
    if (links.length >= MAX_LINKS) break;
  }
  return links.slice(0, MAX_LINKS);
}

/** The rollout at a place of a run. */
export function rowOf(rows: StepRows, { group, sample }: Omit<RolloutPlace, "step">): Row | null {
  const { columns, start, count } = rows;
  for (let at = start; at < start + count; at++) {
    if (columns.group[at] === group && columns.sample[at] === sample) return { rows, at };
  }
  return null;
}
