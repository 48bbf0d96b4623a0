// A chart of lines over steps: the plot, the values under the pointer or at the pinned step, the keys that move along it.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type UPlot from "uplot";
import { useColourChanges } from "../theme.js";
import type { Line } from "./curves.js";
import { Legend } from "./legend.js";
import { createPlot, dataOf, type PlotMarks, paintPlot, rescale } from "./plot.js";
import { nearestStep, type Plotted, plottedOf, valueAt } from "./plotted.js";
import { type Unit, valueText } from "./ticks.js";

/** Draws the chart as it is set, on a canvas of its own. */
export type Painter = (width: number, height: number) => Promise<HTMLCanvasElement>;

export interface LineChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly unit: Unit;
  readonly isLog: boolean;
  readonly isStacked: boolean;
  readonly syncKey: string;
  readonly hidden: ReadonlySet<string>;
  readonly zoom: readonly [number, number] | null;
  readonly pinned: number | null;
  readonly height: number;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
  readonly onPin: (step: number | null) => void;
  readonly onToggle: (toggle: string) => void;
  /** Where the way to a picture of it is put. */
  readonly painter: { current: Painter | null };
}

export function LineChart(props: LineChartProps): JSX.Element {
  const { lines, isLog, isStacked, hidden, unit } = props;
  const shown = isStacked ? lines.filter(({ toggle }) => !hidden.has(toggle)) : lines;
  // The set is another with every change of the address, what is in it is not.
  const hiddenParts = isStacked ? [...hidden].join("\n") : "";
  const plotted = useMemo(() => plottedOf(shown, { isLog, isStacked }), [lines, isLog, isStacked, hiddenParts]);
  const [hovered, setHovered] = useState<number | null>(null);
  const target = usePlot(props, shown, plotted, setHovered);
  const step = hovered ?? props.pinned;
  // The keys move the pinned step, wherever the pointer lies.
  const said = props.pinned ?? step ?? plotted.steps.at(-1) ?? 0;
  return (
    <>
      <div
        ref={target}
        class="plot"
        tabIndex={0}
        role="slider"
        aria-label={`${props.title}: step`}
        aria-valuemin={plotted.steps[0] ?? 0}
        aria-valuemax={plotted.steps.at(-1) ?? 0}
        aria-valuenow={said}
        aria-valuetext={`step ${said}: ${shown.map((line) => `${line.label} ${valueText(valueAt(line, said), unit)}`).join(", ")}`}
        onKeyDown={(event) => {
          const next = stepByKey(event.key, plotted.steps, props.pinned);
          if (next === undefined) return;
          event.preventDefault();
          props.onPin(next);
        }}
      />
      <Legend lines={lines} hidden={hidden} step={step} unit={unit} onToggle={props.onToggle} />
    </>
  );
}

/** Draws anew where what is drawn is another, and only sets data, zoom and pin where it is the same. */
function usePlot(
  props: LineChartProps,
  lines: readonly Line[],
  plotted: Plotted,
  onHover: (step: number | null) => void,
) {
  const target = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const latest = useRef({ ...props, plotted });
  latest.current = { ...props, plotted };
  const marks = useRef<PlotMarks>({ zoom: props.zoom, pinned: props.pinned });
  const colours = useColourChanges();
  const { isLog, isStacked, height, unit, syncKey, hidden } = props;
  const kinds = plotted.columns
    .map(({ line, role }) => `${lines[line]?.key} ${lines[line]?.colour} ${role}`)
    .join("\n");
  const shape = JSON.stringify([kinds, isLog, isStacked, unit, [...hidden], colours]);
  useEffect(() => {
    const element = target.current;
    if (!element) return undefined;
    const options = { height, unit, syncKey, isLog, isStacked, lines, plotted, hidden };
    const drawn = createPlot(element, { ...options, width: element.clientWidth }, marks.current, {
      onHover,
      onZoom: (zoom) => latest.current.onZoom(zoom),
      onPin: (step) => latest.current.onPin(step),
    });
    plot.current = drawn;
    props.painter.current = (width, height) =>
      paintPlot({ ...options, plotted: latest.current.plotted, width, height }, marks.current);
    const resized = new ResizeObserver(() => drawn.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.destroy();
      plot.current = null;
    };
  }, [shape, height]);
  useEffect(() => plot.current?.setData(dataOf(plotted)), [plotted]);
  useEffect(() => {
    marks.current.zoom = props.zoom;
    marks.current.pinned = props.pinned;
    if (plot.current) rescale(plot.current, latest.current.plotted);
  }, [props.zoom?.[0], props.zoom?.[1], props.pinned]);
  return target;
}

/** Undefined where the key says nothing here. */
function stepByKey(key: string, steps: readonly number[], pinned: number | null): number | null | undefined {
  const last = steps.at(-1);
  if (last === undefined) return undefined;
  const jump = Math.max(1, Math.round(steps.length / 20));
  const moved = (by: number): number => {
    const place = pinned === null ? steps.length - 1 : steps.indexOf(nearestStep(steps, pinned) ?? last) + by;
    return steps[Math.min(steps.length - 1, Math.max(0, place))] ?? last;
  };
  const moves: Readonly<Record<string, () => number | null>> = {
    ArrowLeft: () => moved(-1),
    ArrowRight: () => moved(1),
    PageDown: () => moved(-jump),
    PageUp: () => moved(jump),
    Home: () => steps[0] ?? last,
    End: () => last,
    Escape: () => null,
  };
  return moves[key]?.();
}
