// A chart's lines by name with their values at a step: each can be hidden and shown.

import type { JSX } from "preact";
import { colourName, dashOf } from "./colours.js";
import type { Line } from "./curves.js";
import { valueAt } from "./plotted.js";
import { type Unit, valueText } from "./ticks.js";

interface LegendProps {
  readonly lines: readonly Line[];
  readonly hidden: ReadonlySet<string>;
  /** Null shows each line's last value. */
  readonly step: number | null;
  readonly unit: Unit;
  readonly onToggle: (toggle: string) => void;
}

export function Legend({ lines, hidden, step, unit, onToggle }: LegendProps): JSX.Element {
  return (
    <div class="legend">
      <div class="legend-step faint">{step === null ? "newest" : `step ${step}`}</div>
      {lines.map((line) => {
        const at = step ?? lastStep(line);
        const value = valueAt(line, at);
        return (
          <button
            key={line.key}
            type="button"
            class="plain legend-line"
            aria-pressed={!hidden.has(line.toggle)}
            title={`${line.label}${line.seeds > 1 ? `, mean of ${line.seeds} seeds` : ""}: ${value ?? "undefined"} at step ${at}. Click to hide or show.`}
            onClick={() => onToggle(line.toggle)}
          >
            <Swatch line={line} />
            <span class="legend-label">{line.label}</span>
            <span class="legend-value">
              {valueText(value, unit)}
              <BandText line={line} step={at} unit={unit} />
            </span>
          </button>
        );
      })}
    </div>
  );
}

function lastStep(line: Line): number {
  const place = line.values.findLastIndex((value) => value !== null);
  return line.steps[place] ?? 0;
}

function BandText({
  line,
  step,
  unit,
}: {
  readonly line: Line;
  readonly step: number;
  readonly unit: Unit;
}): JSX.Element | null {
  if (!line.band) return null;
  const [low, high] = [valueAt(line, step, line.band.low), valueAt(line, step, line.band.high)];
  return low === null || low === undefined ? null : (
    <span class="faint">
      {" "}
      {valueText(low, unit)} … {valueText(high, unit)}
    </span>
  );
}

export function Swatch({ line }: { readonly line: Pick<Line, "colour" | "dash"> }): JSX.Element {
  return (
    <svg class="swatch" width="20" height="8" aria-hidden="true">
      <line
        x1="0"
        y1="4"
        x2="20"
        y2="4"
        stroke={`var(${colourName(line.colour)})`}
        stroke-width="2.5"
        stroke-dasharray={dashOf(line.dash).join(" ")}
      />
    </svg>
  );
}
