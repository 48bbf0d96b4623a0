// Which groups a batch keeps under dynamic sampling (DAPO, arXiv 2503.14476 §3.2). Drawing others in their place is not
// here (train/).

/**
 * Whether the rewards of a group differ, so that its advantages do too. A group of one has nothing to differ from and
 * is kept.
 *
 * std(r) > 0   (verl-recipe dapo_ray_trainer.py; the paper's 0 < mean < 1 is the same for rewards of 0 and 1 alone,
 * and wrong for the fractions that alignment answers earn)
 *
 * @param rewards  [G] of the same prompt, before overlong shaping: length alone is no reason to keep a group
 * @example teaches([1, 0, 0, 0]) // true
 */
export function teaches(rewards: readonly number[]): boolean {
  return rewards.length === 1 || rewards.some((reward) => reward !== rewards[0]);
}
