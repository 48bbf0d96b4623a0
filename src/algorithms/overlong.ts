// Soft punishment of completions that come close to the longest allowed (DAPO, arXiv 2503.14476 §3.4).

export interface OverlongOptions {
  /** The longest completion allowed. */
  readonly maximumTokens: number;
  /** The last so many of them cost. */
  readonly bufferTokens: number;
  /** What a completion of the longest length costs. */
  readonly factor: number;
}

/**
 * What is added to the reward of a completion, 0 or less.
 *
 * min(-(length - (maximumTokens - bufferTokens)) / bufferTokens * factor, 0)      (paper eq. 13; verl reward_manager/dapo.py)
 *
 * @param length  tokens of the completion
 */
export function overlongPenalty(length: number, { maximumTokens, bufferTokens, factor }: OverlongOptions): number {
  const over = length - (maximumTokens - bufferTokens);
  return over <= 0 ? 0 : (-over / bufferTokens) * factor;
}
