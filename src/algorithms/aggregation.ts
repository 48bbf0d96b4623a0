// From a loss per token to one number: every aggregation is a weight per token, so that an engine only ever sums.

import { sum } from "../core/maths.js";

export const aggregations = [
  "token-mean",
  "seq-mean-token-sum",
  "seq-mean-token-mean",
  "seq-mean-token-sum-norm",
  "token-sum",
] as const;
export type Aggregation = (typeof aggregations)[number];

/**
 * The weight of every token of each completion, such that sum(weight * loss) is the aggregated loss.
 *
 * token-mean: 1 / (all tokens); seq-mean-token-sum: 1 / N; seq-mean-token-mean: 1 / (N (T_i + 1e-8));
 * seq-mean-token-sum-norm: 1 / (N * maxTokens); token-sum: 1   (verl core_algos.py agg_loss; N counts completions
 * with at least one token). The counts are those of the whole update, so micro-batches add up to the same gradient.
 *
 * @param lengths    [B] tokens of each completion of the update
 * @param maxTokens  the longest completion allowed; only for seq-mean-token-sum-norm
 * @returns          [B] the weight of each token of that completion
 */
export function tokenWeights(aggregation: Aggregation, lengths: readonly number[], maxTokens: number): number[] {
  const tokens = sum(lengths);
  const sequences = lengths.filter((length) => length > 0).length;
  return lengths.map((length) => {
    if (length === 0) return 0;
    switch (aggregation) {
      case "token-mean":
        return 1 / tokens;
      case "seq-mean-token-sum":
        return 1 / sequences;
      case "seq-mean-token-mean":
        return 1 / (sequences * (length + 1e-8));
      case "seq-mean-token-sum-norm":
        return 1 / (sequences * maxTokens);
      case "token-sum":
        return 1;
      default:
        return aggregation satisfies never;
    }
  });
}
