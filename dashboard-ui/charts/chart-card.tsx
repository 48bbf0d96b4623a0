// A chart with its title, what its metrics mean, and what can be done with it. It asks for its data once it is in sight.

import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { type ChartState, toggled } from "./chart-state.js";
import { csvOf } from "./csv.js";
import { type Line, linesOf } from "./curves.js";
import { LineChart, type Painter } from "./line-chart.js";
import { savePicture, saveText } from "./save.js";
import type { Unit } from "./ticks.js";
import { type CurveRun, type Curves, useCurves, useNear } from "./use-curves.js";

export interface ChartSpec {
  readonly id: string;
  readonly title: string;
  readonly metrics: readonly string[];
  readonly stacked?: boolean | undefined;
  readonly unit?: Unit | undefined;
}

export interface ChartCardProps {
  readonly spec: ChartSpec;
  readonly runs: readonly CurveRun[];
  readonly meanings: Readonly<Record<string, string>>;
  readonly state: ChartState;
  readonly onState: (changes: Partial<ChartState>) => void;
  /** Takes the chart out of the view; null where it always belongs to it. */
  readonly onRemove?: (() => void) | undefined;
}

/** Where there are several groups, more metrics or more lines than these are shown one metric at a time. */
const [OVERLAID_METRICS, OVERLAID_LINES] = [2, 8];

export function MetricCard(props: ChartCardProps): JSX.Element {
  const metrics = props.spec.metrics.length;
  const groups = new Set(props.runs.map(({ group }) => group)).size;
  const isPicked = groups > 1 && metrics > 1 && (metrics > OVERLAID_METRICS || metrics * groups > OVERLAID_LINES);
  return isPicked ? <PickedCard {...props} /> : <FetchingCard {...props} />;
}

/** One metric of many, chosen in the chart's title. */
function PickedCard(props: ChartCardProps): JSX.Element {
  const { spec, state, onState } = props;
  const picked = spec.metrics.find((metric) => metric === state.picked.get(spec.id)) ?? spec.metrics[0] ?? "";
  const shown = useMemo(() => ({ ...spec, metrics: [picked] }), [spec, picked]);
  const areOfOneTask = new Set(spec.metrics.map((metric) => metric.split("/", 1)[0])).size === 1;
  return (
    <FetchingCard
      {...props}
      spec={shown}
      picker={
        <select
          class="chart-picker"
          aria-label={`${spec.title}: metric`}
          value={picked}
          onChange={({ currentTarget }) =>
            onState({ picked: new Map([...state.picked, [spec.id, currentTarget.value]]) })
          }
        >
          {spec.metrics.map((metric) => (
            <option key={metric} value={metric}>
              {areOfOneTask ? metric.replace(/^[a-z]+\//, "") : metric}
            </option>
          ))}
        </select>
      }
    />
  );
}

function FetchingCard(props: ChartCardProps & { readonly picker?: JSX.Element }): JSX.Element {
  const card = useRef<HTMLElement>(null);
  const isNear = useNear(card);
  const curves = useCurves(props.runs, props.spec.metrics, isNear);
  // Out of sight a chart stays as it is, and what is set for all of them costs only those in sight.
  const state = useRef(props.state);
  if (isNear) state.current = props.state;
  return <ChartCard {...props} state={state.current} card={card} curves={curves} />;
}

interface CardProps extends ChartCardProps {
  readonly card?: { current: HTMLElement | null };
  readonly curves: Curves;
  readonly picker?: JSX.Element;
}

/** For curves that are there already. */
export function ChartCard({
  spec,
  runs,
  meanings,
  state,
  onState,
  onRemove,
  card,
  curves,
  picker,
}: CardProps): JSX.Element {
  const painter = useRef<Painter | null>(null);
  const groups = useMemo(() => [...new Set(runs.map(({ group }) => group))], [runs]);
  const isStacked = spec.stacked === true && runs.length === 1;
  const lines = useMemo(
    () => shownLines(linesOf(curves.curves ?? [], groups, spec.metrics, state), isStacked),
    [curves.curves, groups, spec, state.smoothing, state.spread],
  );
  const isLog = state.log.has(spec.id) && !isStacked;
  return (
    <figure class="panel chart" ref={card ?? null} data-chart={spec.id}>
      <figcaption class="chart-head">
        <h3 title={meaningOf(spec.metrics, meanings)}>{spec.title}</h3>
        {picker}
        <ChartTools
          title={spec.title}
          isLog={isStacked ? null : isLog}
          onLog={() => onState({ log: toggled(state.log, spec.id) })}
          onPicture={() => {
            const shown = lines.filter(({ toggle }) => !state.hidden.has(toggle));
            const picture = { title: spec.title, subtitle: subtitleOf(groups, state), lines: shown };
            if (painter.current) void savePicture(picture, painter.current);
          }}
          onData={() => saveText(csvOf(curves.curves ?? []), spec.title)}
          onRemove={onRemove}
        />
      </figcaption>
      {curves.error === null ? null : <p class="chart-note bad">✗ {curves.error}</p>}
      {curves.error === null && curves.curves !== null && lines.length === 0 ? (
        <p class="chart-note faint">{runs.length === 1 ? "This run has" : "These runs have"} no number here yet.</p>
      ) : null}
      {lines.length === 0 ? null : (
        <LineChart
          title={spec.title}
          lines={lines}
          unit={spec.unit ?? "number"}
          isLog={isLog}
          isStacked={isStacked}
          syncKey="steps"
          hidden={state.hidden}
          zoom={state.zoom}
          pinned={state.pinned}
          height={190}
          painter={painter}
          onZoom={(zoom) => onState({ zoom })}
          onPin={(pinned) => onState({ pinned })}
          onToggle={(toggle) => onState({ hidden: toggled(state.hidden, toggle) })}
        />
      )}
    </figure>
  );
}

/** Parts that are 0 all the time would be lines on lines. */
function shownLines(lines: readonly Line[], isStacked: boolean): readonly Line[] {
  return isStacked ? lines.filter(({ values }) => values.some((value) => value !== null && value !== 0)) : lines;
}

function meaningOf(metrics: readonly string[], meanings: Readonly<Record<string, string>>): string {
  return metrics.map((metric) => `${metric}: ${meanings[metric] ?? "not in the catalogue"}`).join("\n");
}

function subtitleOf(groups: readonly string[], { smoothing }: ChartState): string {
  return [groups.length === 1 ? groups[0] : `${groups.length} groups`, smoothing > 0 ? `smoothed ${smoothing}` : null]
    .filter(Boolean)
    .join(", ");
}

interface ToolsProps {
  readonly title: string;
  /** Null where there is no such choice. */
  readonly isLog: boolean | null;
  readonly onLog: () => void;
  readonly onPicture: () => void;
  readonly onData: () => void;
  readonly onRemove: (() => void) | undefined;
}

function ChartTools({ title, isLog, onLog, onPicture, onData, onRemove }: ToolsProps): JSX.Element {
  return (
    <div class="chart-tools">
      {isLog === null ? null : (
        <button
          type="button"
          aria-pressed={isLog}
          title="Logarithmic axis"
          aria-label={`${title}: logarithmic axis`}
          onClick={onLog}
        >
          log
        </button>
      )}
      <button type="button" title="Save the picture" aria-label={`${title}: save as PNG`} onClick={onPicture}>
        PNG
      </button>
      <button type="button" title="Save the data as measured" aria-label={`${title}: save as CSV`} onClick={onData}>
        CSV
      </button>
      {onRemove ? (
        <button type="button" title="Remove this chart" aria-label={`${title}: remove`} onClick={onRemove}>
          ×
        </button>
      ) : null}
    </div>
  );
}
