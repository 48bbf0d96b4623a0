// Metrics of runs for a chart: asked for once it is in sight, and again as the runs go on.

import { useContext, useEffect, useState } from "preact/hooks";
import { messageOf } from "../../src/core/errors.js";
import type { Source } from "../source.js";
import { ChangesContext, SourceContext } from "../use-answer.js";
import { CurveStore } from "./curve-store.js";
import type { Curve } from "./curves.js";

/** A run, and the group that its seeds make. */
export interface CurveRun {
  readonly run: string;
  readonly group: string;
}

export interface Curves {
  /** Null until the first answer. */
  readonly curves: readonly Curve[] | null;
  readonly error: string | null;
}

const stores = new WeakMap<Source, CurveStore>();

function storeOf(source: Source): CurveStore {
  const found = stores.get(source) ?? new CurveStore(source);
  stores.set(source, found);
  return found;
}

export function useCurves(runs: readonly CurveRun[], metrics: readonly string[], isNear: boolean): Curves {
  const store = storeOf(useContext(SourceContext));
  const changes = useContext(ChangesContext);
  const [state, setState] = useState<Curves>({ curves: null, error: null });
  const versions = runs.map(({ run }) => (changes[run] ?? 0) + (changes["*"] ?? 0));
  const key = JSON.stringify([runs, metrics, versions]);
  useEffect(() => {
    if (!isNear) return;
    let isStale = false;
    const show = (): void => setState({ curves: curvesIn(store, runs, metrics), error: null });
    if (runs.every(({ run }, i) => store.has(run, metrics, versions[i] ?? 0))) return show();
    Promise.all(runs.map(({ run }, i) => store.load(run, metrics, versions[i] ?? 0))).then(
      () => isStale || show(),
      (error: unknown) => isStale || setState({ curves: null, error: messageOf(error) }),
    );
    return () => {
      isStale = true;
    };
  }, [store, key, isNear]);
  return state;
}

function curvesIn(store: CurveStore, runs: readonly CurveRun[], metrics: readonly string[]): Curve[] {
  return runs.flatMap(({ run, group }) =>
    metrics.flatMap((metric) => {
      const column = store.column(run, metric);
      return column && column.steps.length > 0 ? [{ run, group, metric, ...column }] : [];
    }),
  );
}

/** Whether the element is in the window or close to it: what is elsewhere need not be drawn. */
export function useNear(element: { readonly current: Element | null }): boolean {
  const [isNear, setNear] = useState(false);
  useEffect(() => {
    if (!element.current) return undefined;
    const observer = new IntersectionObserver((entries) => setNear(entries.at(-1)?.isIntersecting ?? false), {
      rootMargin: "200px",
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return isNear;
}
