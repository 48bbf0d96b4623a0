// Charts of one run or several: the metrics in their sections, charts that the reader adds, and what is set for all of them.

import type { ComponentChildren, JSX } from "preact";
import { useMemo } from "preact/hooks";
import { metricSections, type ShownSection } from "../charts/sections.js";
import { useKeys } from "../keyboard.js";
import { goTo, linkTo, type View, withChanges } from "../route.js";
import { useAnswer } from "../use-answer.js";
import { BoardTools } from "./board-tools.js";
import { type ChartCardProps, MetricCard } from "./chart-card.js";
import { type ChartState, chartParameters, readChartState } from "./chart-state.js";
import type { CurveRun } from "./use-curves.js";

interface BoardProps {
  readonly view: View;
  readonly parameters: URLSearchParams;
  readonly runs: readonly CurveRun[];
  /** Metrics that have a number in some run. */
  readonly metrics: readonly string[];
  /** Largest step of any of them. */
  readonly lastStep: number;
  /** Charts that stand before the others. */
  readonly first?: (chart: Omit<ChartCardProps, "spec" | "runs">) => ComponentChildren;
}

export function Board({ view, parameters, runs, metrics, lastStep, first }: BoardProps): JSX.Element {
  const meanings = useAnswer("catalogue", {}).answer?.metrics ?? {};
  const state = useMemo(() => readChartState(parameters), [parameters]);
  const added = parameters.getAll("chart");
  const change = (changes: Parameters<typeof withChanges>[1]): void =>
    goTo(view, withChanges(parameters, changes), "replace");
  const onState = (changes: Partial<ChartState>): void => change(chartParameters({ ...state, ...changes }));
  const sections = useMemo(() => metricSections(metrics, added), [metrics.join(), added.join()]);
  useBoardKeys(state, lastStep, onState);
  const card = { meanings, state, onState };
  return (
    <div class="stack board">
      <BoardTools
        state={state}
        hasSeeds={runs.length > new Set(runs.map(({ group }) => group)).size}
        metrics={metrics}
        meanings={meanings}
        onState={onState}
        onAdd={(metric) => change({ chart: [...new Set([...added, metric])] })}
      />
      {first ? <div class="grid">{first(card)}</div> : null}
      {sections.map((section) => (
        <Section
          key={section.title}
          section={section}
          card={card}
          runs={runs}
          onRemove={
            section.isAdded ? (metric) => change({ chart: added.filter((other) => other !== metric) }) : undefined
          }
        />
      ))}
      <PinnedStep state={state} runs={runs} onState={onState} />
    </div>
  );
}

interface SectionProps {
  readonly section: ShownSection;
  readonly card: Omit<ChartCardProps, "spec" | "runs">;
  readonly runs: readonly CurveRun[];
  readonly onRemove: ((metric: string) => void) | undefined;
}

function Section({ section, card, runs, onRemove }: SectionProps): JSX.Element {
  return (
    <section class="stack">
      <h2>{section.title}</h2>
      <div class="grid">
        {section.charts.map((spec) => (
          <MetricCard
            key={spec.id}
            {...card}
            spec={spec}
            runs={runs}
            onRemove={onRemove && (() => onRemove(spec.id))}
          />
        ))}
      </div>
    </section>
  );
}

function useBoardKeys(state: ChartState, lastStep: number, onState: (changes: Partial<ChartState>) => void): void {
  const pin = (by: number): void => {
    const from = state.pinned ?? (by > 0 ? 0 : lastStep + 1);
    onState({ pinned: Math.min(lastStep, Math.max(0, from + by)) });
  };
  useKeys("Charts", [
    { keys: "[", says: "pin the step before", run: () => pin(-1) },
    { keys: "]", says: "pin the next step", run: () => pin(1) },
    { keys: "u", says: "unpin", run: () => onState({ pinned: null }) },
    { keys: "z", says: "show all steps again", run: () => onState({ zoom: null }) },
  ]);
}

interface PinnedStepProps {
  readonly state: ChartState;
  readonly runs: readonly CurveRun[];
  readonly onState: (changes: Partial<ChartState>) => void;
}

/** The way from a point of a curve to what the model wrote there. */
function PinnedStep({ state, runs, onState }: PinnedStepProps): JSX.Element | null {
  const { pinned } = state;
  if (pinned === null) return null;
  return (
    <div class="pinned" role="status">
      <strong>Step {pinned}</strong>
      <span class="pinned-links">
        {runs.length === 1 ? null : <span class="faint">Rollouts of</span>}
        {runs.map(({ run }) => (
          <a key={run} href={linkTo("rollouts", { run, step: pinned })}>
            {runs.length === 1 ? "See its rollouts" : run}
          </a>
        ))}
      </span>
      <button type="button" onClick={() => onState({ pinned: null })} title="Unpin (u)">
        Unpin
      </button>
    </div>
  );
}
