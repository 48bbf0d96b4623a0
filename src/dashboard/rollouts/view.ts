// The rollouts indexed so far as one list, the newest step first and within a step in the order of its file. A rollout's
// place in it is a number, valid until the index changes.

import type { RolloutRow } from "../api/rollouts.js";
import { kinds } from "./columns.js";
import type { RolloutIndex } from "./rollout-index.js";
import type { StepRows } from "./segment-file.js";

export interface View {
  readonly generation: number;
  readonly steps: readonly StepRows[];
  /** [steps] the place of each step's first rollout. */
  readonly starts: Uint32Array;
  readonly size: number;
  readonly problems: readonly string[];
  readonly reasons: readonly string[];
}

export function viewOf(index: RolloutIndex): View {
  const steps = [...index.indexed.values()].sort((a, b) => b.step - a.step);
  const starts = new Uint32Array(steps.length);
  let size = 0;
  for (const [i, { count }] of steps.entries()) {
    starts[i] = size;
    size += count;
  }
  const { problems, reasons } = index.tables;
  return { generation: index.generation, steps, starts, size, problems: problems.all, reasons: reasons.all };
}

/** A rollout by its step's rows and its number among those of the columns. */
export interface Row {
  readonly rows: StepRows;
  readonly at: number;
}

/** By halving: steps may be empty. */
export function rowAt({ steps, starts }: View, place: number): Row {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= place) low = middle;
    else high = middle - 1;
  }
  return { rows: steps[low], at: steps[low].start + place - starts[low] };
}

type NameLists = Pick<View, "problems" | "reasons">;

export function rolloutRow({ problems, reasons }: NameLists, { rows, at }: Row): RolloutRow {
  const { columns, step } = rows;
  const { task, verdict, stopReason } = kinds[columns.kind[at]];
  const reason = columns.reason[at];
  return {
    step,
    group: columns.group[at],
    sample: columns.sample[at],
    task,
    problem: problems[columns.problem[at]],
    verdict,
    reason: reason === 0 ? null : reasons[reason - 1],
    reward: orNull(columns.reward[at]),
    advantage: orNull(columns.advantage[at]),
    tokens: columns.tokens[at],
    stopReason,
  };
}

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
