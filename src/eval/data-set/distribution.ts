// Quantiles of any number of whole numbers in bounded memory: counts in buckets whose width grows with the value
// (DDSketch: Masson, Rim, Lee, VLDB 2019). The same numbers in any order give the same answers.

export interface Summary {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** Of the middle of a bucket to any value in it. */
const RELATIVE_ERROR = 0.005;
const GROWTH = Math.log((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR));
/** Below it every number has a bucket of its own. */
const EXACT = 128;

/** At most some thousand buckets, however many values. */
export class Distribution {
  readonly #buckets = new Map<number, number>();
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  /** @param value  a whole number from 0 */
  add(value: number): void {
    const bucket = value < EXACT ? value : EXACT + Math.ceil(Math.log(value / EXACT) / GROWTH);
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
    this.#count++;
    this.#sum += value;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Quantiles are those of the lower of two neighbours, within half a percent; null of nothing. */
  summary(): Summary | null {
    if (this.#count === 0) return null;
    const [p50, p90, p99] = [0.5, 0.9, 0.99].map((q) => this.#quantile(q)) as [number, number, number];
    return { count: this.#count, mean: this.#sum / this.#count, min: this.#min, p50, p90, p99, max: this.#max };
  }

  #quantile(q: number): number {
    let before = Math.floor(q * (this.#count - 1));
    for (const [bucket, count] of [...this.#buckets].sort(([a], [b]) => a - b)) {
      before -= count;
      if (before < 0) return Math.min(this.#max, Math.max(this.#min, middle(bucket)));
    }
    return this.#max;
  }
}

function middle(bucket: number): number {
  if (bucket < EXACT) return bucket;
  return Math.round(EXACT * Math.exp(GROWTH * (bucket - EXACT)) * (1 - RELATIVE_ERROR));
}
