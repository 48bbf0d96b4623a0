// Runs' metrics as columns, kept while the page is open: charts that are shown at the same time ask once a run, a run that
// goes on is asked for its new steps alone. Views use it through use-curves.ts.

import type { MetricColumns } from "../../src/dashboard/api/runs.js";
import type { Source } from "../source.js";
import type { Value } from "./curves.js";

export interface MetricColumn {
  readonly steps: readonly number[];
  readonly values: readonly Value[];
}

interface KeptRun {
  readonly columns: Map<string, MetricColumn>;
  /** As of which change the columns are whole. */
  version: number;
  readonly wanted: Set<string>;
  asking: Promise<void>;
}

export class CurveStore {
  readonly #runs = new Map<string, KeptRun>();

  constructor(private readonly source: Source) {}

  column(run: string, name: string): MetricColumn | null {
    return this.#runs.get(run)?.columns.get(name) ?? null;
  }

  /** Whether all of it can be drawn at once, as of that change. */
  has(run: string, names: readonly string[], version: number): boolean {
    const kept = this.#runs.get(run);
    return kept !== undefined && kept.version >= version && names.every((name) => kept.columns.has(name));
  }

  /** @param version  counts the run's changes */
  async load(run: string, names: readonly string[], version: number): Promise<void> {
    const kept = this.#keptOf(run);
    for (const name of names) kept.wanted.add(name);
    // What is asked for in the same moment goes into one request; requests of a run follow each other.
    const before = kept.asking;
    kept.asking = before.then(
      () => this.#bring(run, kept, version),
      () => this.#bring(run, kept, version),
    );
    await kept.asking;
  }

  #keptOf(run: string): KeptRun {
    const found = this.#runs.get(run);
    if (found) return found;
    const kept: KeptRun = { columns: new Map(), version: 0, wanted: new Set(), asking: Promise.resolve() };
    this.#runs.set(run, kept);
    return kept;
  }

  async #bring(run: string, kept: KeptRun, version: number): Promise<void> {
    if (version > kept.version) {
      await this.#bringNewSteps(run, kept);
      kept.version = version;
    }
    const missing = [...kept.wanted].filter((name) => !kept.columns.has(name));
    if (missing.length === 0) return;
    put(kept, await this.source.ask("metrics", { run, names: missing }));
    for (const name of missing) if (!kept.columns.has(name)) kept.columns.set(name, { steps: [], values: [] });
  }

  /** Asks from the last known step on: that the first new line is that one shows that the run is still the same. */
  async #bringNewSteps(run: string, kept: KeptRun): Promise<void> {
    const names = [...kept.columns.keys()];
    const steps = kept.columns.get(names[0] ?? "")?.steps ?? [];
    const last = steps.at(-1);
    const areEven = names.every((name) => kept.columns.get(name)?.steps.at(-1) === last);
    if (last === undefined || last < 1 || !areEven) return kept.columns.clear();
    const answer = await this.source.ask("metrics", { run, names, after: last - 1 });
    if (answer.steps[0] !== last || names.some((name) => isOther(kept.columns.get(name), answer.columns[name]))) {
      return kept.columns.clear();
    }
    for (const name of names) {
      const known = kept.columns.get(name);
      kept.columns.set(name, {
        steps: [...(known?.steps ?? []), ...answer.steps.slice(1)],
        values: [...(known?.values ?? []), ...(answer.columns[name] ?? []).slice(1)],
      });
    }
  }
}

function isOther(known: MetricColumn | undefined, answered: readonly Value[] | undefined): boolean {
  return known?.values.at(-1) !== answered?.[0];
}

function put(kept: KeptRun, { steps, columns }: MetricColumns): void {
  for (const [name, values] of Object.entries(columns)) kept.columns.set(name, { steps, values });
}
