// uPlot as this page uses it: lines with bands over steps, drag to zoom, click to pin. The only file that knows uPlot.

import UPlot from "uplot";
import { colourName, colourReader, dashOf, seeThrough } from "./colours.js";
import type { Line } from "./curves.js";
import { type Column, lonePoints, type PlotShape, type Plotted } from "./plotted.js";
import { tickText, type Unit } from "./ticks.js";

export interface PlotOptions extends PlotShape {
  readonly width: number;
  readonly height: number;
  readonly unit: Unit;
  /** Charts of one key show the same step under the pointer. */
  readonly syncKey: string;
  readonly lines: readonly Line[];
  readonly plotted: Plotted;
  readonly hidden: ReadonlySet<string>;
}

export interface PlotCalls {
  readonly onHover: (step: number | null) => void;
  readonly onZoom: (zoom: readonly [number, number] | null) => void;
  readonly onPin: (step: number) => void;
}

/** What may change without drawing anew from the start. */
export interface PlotMarks {
  zoom: readonly [number, number] | null;
  pinned: number | null;
}

/** @param marks  read whenever it is drawn */
export function createPlot(target: HTMLElement, options: PlotOptions, marks: PlotMarks, calls: PlotCalls): UPlot {
  const colour = colourReader(target);
  const { plotted, lines, hidden } = options;
  const series = plotted.columns.map((column) => seriesOf(column, options, colour));
  const plot: UPlot = new UPlot(
    {
      width: options.width,
      height: options.height,
      pxAlign: 0,
      legend: { show: false },
      padding: [8, 18, 0, 0],
      cursor: cursorOf(options.syncKey, calls),
      scales: {
        x: { time: false, range: (_, low, high) => [...(marks.zoom ?? widened(low, high))] },
        y: options.isLog
          ? { distr: 3 }
          : options.isStacked
            ? { range: (_, __, high) => [0, high > 0 ? high * 1.05 : 1] }
            : {},
      },
      axes: [axisOf(colour, "x", options), axisOf(colour, "y", options)],
      series: [{}, ...series],
      bands: bandsOf(options, colour),
      hooks: {
        setCursor: [(drawn) => calls.onHover(stepUnder(drawn))],
        setSelect: [(drawn) => zoomTo(drawn, calls.onZoom)],
        draw: [(drawn) => drawPinned(drawn, marks.pinned, colour("--accent"))],
      },
    },
    dataOf(plotted),
    target,
  );
  for (const [i, { line }] of plotted.columns.entries()) {
    if (hidden.has(lines[line]?.toggle ?? "")) plot.setSeries(i + 1, { show: false });
  }
  // uPlot keeps back the click that ends a drag.
  plot.over.addEventListener("click", () => {
    const step = stepUnder(plot);
    if (step !== null) calls.onPin(step);
  });
  return plot;
}

/** The same plot, out of sight, in a size of its own. */
export async function paintPlot(options: PlotOptions, marks: PlotMarks): Promise<HTMLCanvasElement> {
  const stage = document.createElement("div");
  stage.className = "plot-stage";
  document.body.append(stage);
  const nobody: PlotCalls = { onHover: () => {}, onZoom: () => {}, onPin: () => {} };
  const plot = createPlot(stage, { ...options, syncKey: "picture" }, marks, nobody);
  // It draws once the present task is done.
  await new Promise((resolve) => requestAnimationFrame(resolve));
  const { canvas } = plot.ctx;
  plot.destroy();
  stage.remove();
  return canvas;
}

export function dataOf({ steps, columns }: Plotted): UPlot.AlignedData {
  return [[...steps], ...columns.map(({ cells }) => [...cells])] as UPlot.AlignedData;
}

/** Scales again to what it shows; for a new zoom. */
export function rescale(plot: UPlot, { steps }: Plotted): void {
  plot.setScale("x", { min: steps[0] ?? 0, max: steps.at(-1) ?? 1 });
}

/** Of the data as it is now: it may have grown since the plot was made. */
function stepUnder({ cursor, data }: UPlot): number | null {
  return typeof cursor.idx === "number" ? (data[0][cursor.idx] ?? null) : null;
}

/** One step alone needs room on both sides. */
function widened(low: number | null, high: number | null): readonly [number, number] {
  const [from, to] = [low ?? 0, high ?? 1];
  return from === to ? [from - 1, to + 1] : [from, to];
}

function seriesOf(column: Column, { lines, isStacked }: PlotOptions, colour: (name: string) => string): UPlot.Series {
  const line = lines[column.line];
  const stroke = colour(colourName(line?.colour ?? 0));
  const isEdge = column.role === "low" || column.role === "high";
  return {
    stroke: column.role === "raw" ? seeThrough(stroke, 0.28) : isEdge ? "transparent" : stroke,
    width: column.role === "raw" || isStacked ? 1 : 1.75,
    dash: column.role === "value" ? [...dashOf(line?.dash ?? 0)] : [],
    spanGaps: false,
    points: {
      show: false,
      size: 6,
      fill: stroke,
      filter: (plot, i) => (isEdge ? null : lonePoints(plot.data[i] ?? [])),
    },
    ...(isStacked && column.line === 0 ? { fill: seeThrough(stroke, 0.35), fillTo: 0 } : {}),
  };
}

/** Between low and high of a line's seeds, or between neighbours of a stack. */
function bandsOf({ plotted, lines, isStacked }: PlotOptions, colour: (name: string) => string): UPlot.Band[] {
  return plotted.columns.flatMap(({ line, role }, i) => {
    const drawn = colour(colourName(lines[line]?.colour ?? 0));
    if (isStacked) return i === 0 ? [] : [{ series: [i + 1, i], fill: seeThrough(drawn, 0.35) }];
    return role === "high" ? [{ series: [i + 1, i + 2], fill: seeThrough(drawn, 0.16) }] : [];
  });
}

function axisOf(colour: (name: string) => string, side: "x" | "y", { unit, isLog }: PlotOptions): UPlot.Axis {
  const line = colour("--line");
  const style = { stroke: colour("--faint"), font: "11px system-ui, sans-serif", grid: { stroke: line, width: 1 } };
  if (side === "x") return { ...style, size: 26, gap: 4, space: 44, ticks: { show: false }, incrs: WHOLE };
  return {
    ...style,
    size: (_, values) => Math.max(34, 14 + 6.4 * Math.max(0, ...(values ?? []).map((text) => text?.length ?? 0))),
    gap: 4,
    space: 32,
    ticks: { show: false },
    values: (_, ticks, __, ___, gap) =>
      ticks.map((tick) => (tick === null || tick === undefined ? "" : tickText(tick, isLog ? null : gap, unit))),
  };
}

/** A step is whole. */
const WHOLE = [1, 2, 5]
  .flatMap((first) => [0, 1, 2, 3, 4, 5, 6].map((power) => first * 10 ** power))
  .sort((a, b) => a - b);

function cursorOf(syncKey: string, calls: PlotCalls): UPlot.Cursor {
  return {
    y: false,
    points: { size: 6 },
    drag: { x: true, y: false, setScale: false, dist: 4 },
    sync: {
      key: syncKey,
      scales: ["x", null],
      setSeries: false,
      // A drag is of one chart; what it leads to reaches the others by the address.
      filters: { pub: (kind) => kind === "mousemove" || kind === "mouseleave" },
    },
    bind: {
      dblclick: () => () => {
        calls.onZoom(null);
        return null;
      },
    },
  };
}

function zoomTo(plot: UPlot, onZoom: PlotCalls["onZoom"]): void {
  const { left, width } = plot.select;
  if (width < 4) return;
  const [from, to] = [Math.round(plot.posToVal(left, "x")), Math.round(plot.posToVal(left + width, "x"))];
  plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  if (from < to) onZoom([from, to]);
}

function drawPinned(plot: UPlot, pinned: number | null, colour: string): void {
  if (pinned === null) return;
  const { ctx, bbox } = plot;
  const x = plot.valToPos(pinned, "x", true);
  if (x < bbox.left || x > bbox.left + bbox.width) return;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 1.5 * devicePixelRatio;
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}
