// Measures over the steps at which they were evaluated, where there are more than before and after: a chart a measure.

import type { JSX } from "preact";
import { ChartCard } from "../charts/chart-card.js";
import { chartParameters, readChartState } from "../charts/chart-state.js";
import type { Curve } from "../charts/curves.js";
import { goTo } from "../route.js";
import { changed } from "./choosers.js";
import type { Row } from "./rows.js";

export interface EvaluationCurvesProps {
  readonly rows: readonly Row[];
  readonly measures: readonly string[];
  readonly meanings: Readonly<Record<string, string>>;
  readonly parameters: URLSearchParams;
}

/** From here on points make a curve. */
const FEWEST_STEPS = 3;

export function EvaluationCurves({ rows, measures, meanings, parameters }: EvaluationCurvesProps): JSX.Element | null {
  const drawn = rows.filter(({ members }) => members.some(({ records }) => records.length >= FEWEST_STEPS));
  if (drawn.length === 0) return null;
  const runs = drawn.flatMap((row) => row.members.map(({ run }) => ({ run, group: row.name })));
  const state = readChartState(parameters);
  return (
    <section class="stack" aria-label="Over the steps">
      <h2>Over the steps</h2>
      <div class="grid">
        {measures.map((measure) => (
          <ChartCard
            key={measure}
            spec={{ id: measure, title: measure, metrics: [measure], unit: "share" }}
            runs={runs}
            meanings={meanings}
            state={state}
            onState={(changes) =>
              goTo(
                "evaluations",
                { ...changed(parameters, {}), ...chartParameters({ ...state, ...changes }) },
                "replace",
              )
            }
            curves={{ curves: drawn.flatMap((row) => curvesOf(row, measure)), error: null }}
          />
        ))}
      </div>
    </section>
  );
}

function curvesOf({ name, members }: Row, measure: string): Curve[] {
  return members.map(({ run, records }) => ({
    run,
    group: name,
    metric: measure,
    steps: records.map(({ step }) => step),
    values: records.map(({ metrics }) => metrics[measure]?.value ?? null),
  }));
}
