// A batch that went out in several requests, put together again. How a metric is, the end of its name says, as servers
// and the official client agree: `loss:sum`.

import type { ForwardBackwardOutput } from "./records.js";

interface Chunk {
  readonly output: ForwardBackwardOutput;
  /** That the request held: the weight of its means. */
  readonly datums: number;
}

type Reduce = (values: readonly number[], weights: readonly number[]) => number;

const reductions: Readonly<Record<string, Reduce>> = {
  mean: weightedMean,
  sum,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  /** How far the slowest is from the mean. */
  slack: (values, weights) => Math.max(...values) - weightedMean(values, weights),
  hash_unordered: hash,
  hash2: hash,
};

/** In the order of the chunks. Metrics that not every chunk has, or whose reduction is unknown, are left out. */
export function combineOutputs(chunks: readonly Chunk[]): ForwardBackwardOutput {
  if (chunks.length === 1) return chunks[0].output;
  const weights = chunks.map(({ datums }) => datums);
  const all = chunks.map(({ output }) => output.metrics);
  const shared = Object.keys(all[0] ?? {}).filter((key) => all.every((metrics) => key in metrics));
  return {
    outputs: chunks.flatMap(({ output }) => output.outputs),
    metrics: Object.fromEntries(
      shared.flatMap((key) => {
        const values = all.map((metrics) => metrics[key]);
        return combine(key, values, weights);
      }),
    ),
  };
}

function combine(key: string, values: readonly number[], weights: readonly number[]): Array<[string, number]> {
  const reduction = key.slice(key.indexOf(":") + 1);
  // Values that do not fold stand side by side, numbered from the second on.
  if (reduction === "unique") return values.map((value, at) => [at === 0 ? key : `${key}_${at}`, value]);
  const reduce = key.includes(":") && Object.hasOwn(reductions, reduction) ? reductions[reduction] : null;
  return reduce === null ? [] : [[key, reduce(values, weights)]];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function weightedMean(values: readonly number[], weights: readonly number[]): number {
  return sum(values.map((value, at) => value * weights[at])) / sum(weights);
}

/** The sum of whole numbers in 64 bits, which no order changes. */
function hash(values: readonly number[]): number {
  const total = values.reduce((total, value) => total + (Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n), 0n);
  return Number(BigInt.asUintN(64, total));
}
