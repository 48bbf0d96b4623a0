// 95 % confidence intervals of a mean over tasks, from one evaluation. Not here: of a difference between two
// (compare.ts), nor what is counted (task-scores.ts).

import { mean, quantile, sum } from "../../core/maths.js";
import { Rng } from "../../core/rng.js";

export interface Interval {
  readonly low: number;
  readonly high: number;
  readonly method: "wilson" | "bootstrap";
}

const DRAWS = 2000;
/** The normal distribution's 0.975 quantile. */
const Z = 1.959963984540054;

/**
 * The interval of the mean of the tasks' scores. Where every score is 0 or 1 it is a plain proportion and gets Wilson's,
 * which stays honest for few tasks and next to 0 and 1, where a bootstrap's has no width; else tasks are drawn with
 * replacement.
 *
 * @param scores  [tasks], at least one
 * @param key  the same key, the same draws
 */
export function interval(scores: readonly number[], key: string): Interval {
  const plain = scores.every((score) => score === 0 || score === 1);
  return plain ? wilson(sum(scores), scores.length) : bootstrap(scores, key);
}

/** (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)   (Wilson 1927, JASA 22; none) */
function wilson(successes: number, n: number): Interval {
  const p = successes / n;
  const centre = p + Z ** 2 / (2 * n);
  const half = Z * Math.sqrt((p * (1 - p)) / n + Z ** 2 / (4 * n ** 2));
  const scale = 1 + Z ** 2 / n;
  // Rounding must not leave the mean outside at 0 and at 1.
  return { low: Math.min(p, (centre - half) / scale), high: Math.max(p, (centre + half) / scale), method: "wilson" };
}

/** Percentiles 2.5 and 97.5 of the mean over tasks drawn with replacement   (Efron 1979; none) */
function bootstrap(scores: readonly number[], key: string): Interval {
  const rng = Rng.of("evaluation", key);
  const draws = Array.from({ length: DRAWS }, () => mean(scores.map(() => rng.pick(scores))));
  return { low: quantile(draws, 0.025), high: quantile(draws, 0.975), method: "bootstrap" };
}
