// How well classes were told, and how sure that is.

import { mean, quantile, sum } from "../core/maths.js";
import { Rng } from "../core/rng.js";

/** Right answers and answers of each program, over all splits in which it was tested. */
export interface Tally {
  readonly right: readonly number[];
  readonly asked: readonly number[];
}

/** Share of right answers, over all rows. */
export function accuracyOf({ right, asked }: Tally): number {
  return sum(right) / sum(asked);
}

/** Mean over the classes that occur, in truth or prediction, of 2 tp / (2 tp + fp + fn). */
export function macroF1(truth: readonly number[], predicted: readonly number[]): number {
  const classes = [...new Set([...truth, ...predicted])];
  return mean(
    classes.map((label) => {
      const hits = truth.filter((one, i) => one === label && predicted[i] === label).length;
      const named = truth.filter((one) => one === label).length + predicted.filter((one) => one === label).length;
      return (2 * hits) / named;
    }),
  );
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 2000;

/**
 * The mean accuracy of one group of models, or with `baseline` how far it is above that of another, with a 95 %
 * percentile interval from a bootstrap that draws programs, the same for both groups, and models with replacement.
 *
 * @param group  one tally a model, all of the same rows
 */
export function bootstrapped(group: readonly Tally[], baseline: readonly Tally[] = []): Interval {
  const tested = [...(group[0]?.asked ?? []).entries()].filter(([, asked]) => asked > 0).map(([program]) => program);
  const rng = Rng.of("probe bootstrap", tested.length, group.length, baseline.length);
  const mostOf = (tallies: readonly Tally[]): number => (tallies.length === 0 ? 0 : mean(tallies.map(accuracyOf)));
  const draws = Array.from({ length: DRAWS }, () => {
    const drawn = tested.map(() => rng.pick(tested));
    const meanOf = (tallies: readonly Tally[]): number =>
      tallies.length === 0 ? 0 : mean(tallies.map(() => accuracyOn(rng.pick(tallies), drawn)));
    return meanOf(group) - meanOf(baseline);
  });
  return { value: mostOf(group) - mostOf(baseline), low: quantile(draws, 0.025), high: quantile(draws, 0.975) };
}

function accuracyOn({ right, asked }: Tally, programs: readonly number[]): number {
  let [hits, all] = [0, 0];
  for (const program of programs) {
    hits += right[program];
    all += asked[program];
  }
  return hits / all;
}
