// A completion's tokens as the strip shows them: where each one's text is, and the number that colours it.

import type { TokenColumns } from "../../src/dashboard/api/rollouts.js";
import type { HeatScale } from "./heat.js";

export const heatColumns = ["advantage", "ratio", "surprise", "logprob"] as const;
export type HeatColumn = (typeof heatColumns)[number];

export const heatSays: Readonly<Record<HeatColumn, string>> = {
  advantage:
    "What the loss gave the token: above 0 it was made likelier, below 0 less likely. Importance weights included.",
  ratio: "How much likelier the step's updates made the token: exp(logprob after - logprob before). 1 is unchanged.",
  surprise:
    "Bits by which the token was more (blue) or less (orange) surprising than this completion's mean: -log2 of its probability.",
  logprob: "Natural logarithm of the token's probability where it was sampled. 0 is certain.",
};

/** Where a token's text begins and ends. */
export interface TokenSpan {
  readonly start: number;
  readonly end: number;
}

/** As `ends` say it, whatever they say: in order, inside the text, and the last one up to its end. */
export function tokenSpans(ends: readonly number[], length: number): readonly TokenSpan[] {
  let start = 0;
  return ends.map((said, index) => {
    const end = index === ends.length - 1 ? length : Math.min(length, Math.max(start, said));
    const span = { start, end };
    start = end;
    return span;
  });
}

/** Tokens of a piece of the text that is drawn as a whole: from `first` up to `end`. */
export interface TokenChunk {
  readonly first: number;
  readonly end: number;
}

const CHUNK_TOKENS = 64;

export function chunksOf(tokens: number): readonly TokenChunk[] {
  return Array.from({ length: Math.ceil(tokens / CHUNK_TOKENS) }, (_, index) => ({
    first: index * CHUNK_TOKENS,
    end: Math.min(tokens, (index + 1) * CHUNK_TOKENS),
  }));
}

/** @returns [T], or null where the run did not record it */
export function valuesOf(column: HeatColumn, detail: TokenColumns): readonly number[] | null {
  switch (column) {
    case "advantage":
      return detail.advantages;
    case "ratio":
      return detail.ratios;
    case "surprise":
      return detail.logprobs.map((logprob) => -logprob / Math.LN2);
    case "logprob":
      return detail.logprobs;
    default:
      return column satisfies never;
  }
}

/** How a column is coloured: by what its own numbers span. */
export function scaleOf(column: HeatColumn, values: readonly number[]): HeatScale {
  switch (column) {
    case "advantage":
      return { middle: 0, reach: reachOf(values, 0) || 1, kind: "difference" };
    case "ratio":
      return { middle: 1, reach: Math.max(0.1, reachOf(values.map(Math.log), 0)), kind: "ratio" };
    case "surprise": {
      const middle = values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
      return { middle, reach: Math.max(1, reachOf(values, middle)), kind: "difference" };
    }
    case "logprob":
      return { middle: 0, reach: Math.max(1, reachOf(values, 0)), kind: "difference" };
    default:
      return column satisfies never;
  }
}

function reachOf(values: readonly number[], middle: number): number {
  return values.reduce((far, value) => (Number.isFinite(value) ? Math.max(far, Math.abs(value - middle)) : far), 0);
}
