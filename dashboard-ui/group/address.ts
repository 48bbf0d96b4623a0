// Which rollouts of a group the reader looks at, and how: as the address has it.

import { type HeatColumn, heatColumns } from "../parts/token-columns.js";
import type { Parameters } from "../route.js";

export interface GroupAddress {
  readonly run: string;
  readonly step: number;
  readonly group: number;
  /** The one that keys move from. */
  readonly sample: number;
  /** Side by side; empty where one is shown alone. */
  readonly compared: readonly number[];
  /** How completions are shown: as text, or as tokens coloured by a column. */
  readonly column: HeatColumn | null;
}

export function readGroup(parameters: URLSearchParams): GroupAddress {
  return {
    run: parameters.get("run") ?? "",
    step: wholeIn(parameters.get("step")) ?? 0,
    group: wholeIn(parameters.get("group")) ?? 0,
    sample: wholeIn(parameters.get("sample")) ?? 0,
    compared: numbersIn(parameters.get("compare")),
    column: heatColumns.find((column) => column === parameters.get("tokens")) ?? null,
  };
}

export function writeGroup({ run, step, group, sample, compared, column }: GroupAddress): Parameters {
  return { run, step, group, sample, compare: compared.join("."), tokens: column };
}

/** What the reader had of one sample, of another group: nothing there is compared yet. */
export function elsewhere(address: GroupAddress, step: number, group: number): GroupAddress {
  return { ...address, step, group, sample: 0, compared: [] };
}

/** With a sample put beside the others, or taken away; of two the last one stays alone. */
export function toggled(address: GroupAddress, sample: number): GroupAddress {
  const { compared } = address;
  const next = compared.includes(sample) ? compared.filter((other) => other !== sample) : [...compared, sample];
  const sorted = next.sort((a, b) => a - b);
  return {
    ...address,
    compared: sorted,
    sample: sorted.includes(address.sample) ? address.sample : (sorted[0] ?? sample),
  };
}

/** The first to compare with: one that was rewarded otherwise says most. */
export function opposite(rewards: ReadonlyMap<number, number | null>, sample: number): number | null {
  const others = [...rewards.keys()].filter((other) => other !== sample);
  return others.find((other) => rewards.get(other) !== rewards.get(sample)) ?? others[0] ?? null;
}

/** The next sample in that direction; the same at an end. */
export function neighbour(samples: readonly number[], sample: number, by: 1 | -1): number {
  const at = samples.indexOf(sample);
  return samples[Math.min(samples.length - 1, Math.max(0, at + by))] ?? sample;
}

function numbersIn(text: string | null): readonly number[] {
  const numbers = (text ?? "").split(".").flatMap((part) => wholeIn(part) ?? []);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function wholeIn(text: string | null): number | null {
  const value = text === null || text.trim() === "" ? Number.NaN : Number(text);
  return Number.isSafeInteger(value) && value >= 0 ? value : null;
}
