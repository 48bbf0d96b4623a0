// What a step's seconds are spent on. Phases overlap, also each with itself: what is counted is the time in which any of
// a phase's work is under way, not the sum over the work.

import { quantile } from "../core/maths.js";
import type { StepMetrics } from "../runs/metrics.js";

type Phase = "sample" | "judge" | "recycle" | "update";

/** In seconds; no end: under way. */
interface Interval {
  readonly start: number;
  end?: number;
}

export class Clock {
  readonly #begun: number;
  #start = now();
  readonly #intervals: Record<Phase, Interval[]> = { sample: [], judge: [], recycle: [], update: [] };

  /** @param before  seconds of work on the run in earlier processes */
  constructor(before = 0) {
    this.#begun = now() - before;
  }

  /** Seconds of work on the run so far. */
  runSeconds(): number {
    return now() - this.#begun;
  }

  /** A step begins; what is still under way from the last counts from here on. */
  begin(): void {
    this.#start = now();
    for (const phase of Object.keys(this.#intervals) as Phase[]) {
      this.#intervals[phase] = this.#intervals[phase].filter(({ end }) => end === undefined);
    }
  }

  async time<T>(phase: Phase, work: () => Promise<T>): Promise<T> {
    const interval: Interval = { start: now() };
    this.#intervals[phase].push(interval);
    try {
      return await work();
    } finally {
      interval.end = now();
    }
  }

  /** Of the step so far. */
  metrics(sampledTokens: number): Omit<StepMetrics, "step"> {
    const [start, end] = [this.#start, now()];
    const within = (...phases: readonly Phase[]): number =>
      covered(
        phases.flatMap((phase) =>
          this.#intervals[phase].map((one) => [Math.max(start, one.start), one.end ?? end] as const),
        ),
      );
    const latencies = this.#intervals.judge.flatMap((one) => (one.end === undefined ? [] : [one.end - one.start]));
    const latency = (share: number): number | null => (latencies.length === 0 ? null : quantile(latencies, share));
    const step = end - start;
    const model = within("sample", "update");
    return {
      "time/step_seconds": step,
      "time/model_seconds": model,
      "time/outside_model_share": 1 - model / step,
      "time/sample_seconds": within("sample"),
      "time/judge_seconds": within("judge"),
      "time/judge_latency_p50_seconds": latency(0.5),
      "time/judge_latency_p99_seconds": latency(0.99),
      "time/recycle_seconds": within("recycle"),
      "time/update_seconds": within("update"),
      // |A and B| = |A| + |B| - |A or B|
      "time/hidden_seconds": model + within("judge", "recycle") - within("sample", "update", "judge", "recycle"),
      "time/run_seconds": this.runSeconds(),
      "time/tokens_per_second": sampledTokens / step,
    };
  }
}

/** Length of the union of intervals. */
export function covered(intervals: ReadonlyArray<readonly [start: number, end: number]>): number {
  let total = 0;
  let reached = Number.NEGATIVE_INFINITY;
  for (const [start, end] of intervals.toSorted((a, b) => a[0] - b[0])) {
    total += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return total;
}

function now(): number {
  return performance.now() / 1000;
}
