// What the service counts of itself, in Prometheus's text format.

/** Of requests: from a small program's run to the longest wait. */
const BOUNDS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** What is so at the moment of asking. */
export interface Gauges {
  readonly running: number;
  readonly waiting: number;
  /** Null where there is no pool. */
  readonly poolSize: number | null;
}

export class Metrics {
  readonly #requests = new Map<string, number>();
  readonly #seconds = new Map<string, Histogram>();
  readonly #verdicts = new Map<string, number>();

  request(endpoint: string, status: number, seconds: number): void {
    count(this.#requests, `endpoint="${endpoint}",status="${status}"`);
    const histogram = this.#seconds.get(endpoint) ?? { counts: BOUNDS_SECONDS.map(() => 0), sum: 0, count: 0 };
    this.#seconds.set(endpoint, histogram);
    const at = BOUNDS_SECONDS.findIndex((bound) => seconds <= bound);
    if (at >= 0) histogram.counts[at]++;
    histogram.sum += seconds;
    histogram.count++;
  }

  verdict(kind: string): void {
    count(this.#verdicts, `kind="${kind}"`);
  }

  text({ running, waiting, poolSize }: Gauges): string {
    const lines = [
      ...family("coderlplus_requests_total", "counter", "Requests answered.", labelled(this.#requests)),
      ...family("coderlplus_verdicts_total", "counter", "Programs judged.", labelled(this.#verdicts)),
      ...family("coderlplus_running", "gauge", "Pieces of work under way.", [["", running]]),
      ...family("coderlplus_waiting", "gauge", "Pieces of work that wait for their turn.", [["", waiting]]),
      ...(poolSize === null
        ? []
        : family("coderlplus_pool_size", "gauge", "Alignment examples in the pool.", [["", poolSize]])),
      ...family(
        "coderlplus_request_seconds",
        "histogram",
        "From the end of a request's head to its answer.",
        [...this.#seconds].flatMap(([endpoint, histogram]) => buckets(endpoint, histogram)),
      ),
    ];
    return `${lines.join("\n")}\n`;
  }
}

type Sample = readonly [suffix: string, value: number];

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function labelled(counts: ReadonlyMap<string, number>): Sample[] {
  return [...counts].map(([labels, value]) => [`{${labels}}`, value]);
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string[] {
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(([suffix, value]) => `${name}${suffix} ${value}`),
  ];
}

function buckets(endpoint: string, { counts, sum, count }: Histogram): Sample[] {
  let below = 0;
  const label = `endpoint="${endpoint}"`;
  return [
    ...BOUNDS_SECONDS.map((bound, at): Sample => {
      below += counts[at];
      return [`_bucket{${label},le="${bound}"}`, below];
    }),
    [`_bucket{${label},le="+Inf"}`, count],
    [`_sum{${label}}`, sum],
    [`_count{${label}}`, count],
  ];
}
