// What is set for all charts of a view at once: smoothing, the seeds' band, the zoom; and a field to add a chart by.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../keyboard.js";
import type { ChartState } from "./chart-state.js";

interface BoardToolsProps {
  readonly state: ChartState;
  /** Whether some curve is the mean of several seeds. */
  readonly hasSeeds: boolean;
  readonly metrics: readonly string[];
  readonly meanings: Readonly<Record<string, string>>;
  readonly onState: (changes: Partial<ChartState>) => void;
  readonly onAdd: (metric: string) => void;
}

export function BoardTools(props: BoardToolsProps): JSX.Element {
  const { state, hasSeeds, onState } = props;
  return (
    <div class="row board-tools">
      <SmoothingSlider smoothing={state.smoothing} onChange={(smoothing) => onState({ smoothing })} />
      {hasSeeds ? (
        <span class="segmented" role="group" aria-label="Band around the mean of seeds">
          {(["range", "deviation"] as const).map((spread) => (
            <button
              key={spread}
              type="button"
              aria-pressed={state.spread === spread}
              title={
                spread === "range"
                  ? "From the lowest seed to the highest"
                  : "Mean of the seeds ± their standard deviation"
              }
              onClick={() => onState({ spread })}
            >
              {spread === "range" ? "lowest to highest" : "± deviation"}
            </button>
          ))}
        </span>
      ) : null}
      {state.zoom ? (
        <button type="button" onClick={() => onState({ zoom: null })} title="Show all steps (z)">
          Steps {state.zoom[0]} to {state.zoom[1]} ×
        </button>
      ) : (
        <span class="faint wide-only">Drag over a chart to zoom, click to pin a step.</span>
      )}
      <MetricField {...props} />
    </div>
  );
}

interface SmoothingProps {
  readonly smoothing: number;
  readonly onChange: (smoothing: number) => void;
}

/** Browsers refuse an address that changes more than some times a second. */
const SETTLE_MS = 120;

function SmoothingSlider({ smoothing, onChange }: SmoothingProps): JSX.Element {
  const [moved, setMoved] = useState<number | null>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => {
    if (moved === null) return undefined;
    const timer = setTimeout(() => {
      latest.current(moved);
      setMoved(null);
    }, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [moved]);
  const shown = moved ?? smoothing;
  return (
    <label class="row" title="Exponential moving average; what was measured stays faintly visible">
      <span class="faint">Smoothing</span>
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        value={shown}
        onInput={({ currentTarget }) => setMoved(Number(currentTarget.value))}
      />
      <span class="number smoothing-value">{shown.toFixed(2)}</span>
    </label>
  );
}

function MetricField({ metrics, meanings, onAdd }: BoardToolsProps): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useKeys("Charts", [{ keys: "/", says: "add a chart by its metric", run: () => field.current?.focus() }]);
  const take = (input: HTMLInputElement): void => {
    if (!metrics.includes(input.value)) return;
    onAdd(input.value);
    input.value = "";
  };
  return (
    <span class="push">
      <input
        ref={field}
        type="search"
        list="metrics"
        class="metric-field"
        placeholder="Add a chart: any metric ( / )"
        aria-label="Add a chart of a metric"
        onInput={({ currentTarget }) => take(currentTarget)}
      />
      <datalist id="metrics">
        {metrics.map((metric) => (
          <option key={metric} value={metric}>
            {meanings[metric] ?? ""}
          </option>
        ))}
      </datalist>
    </span>
  );
}
