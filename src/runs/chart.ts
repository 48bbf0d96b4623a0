// A line chart as SVG text: axes, a legend that does not rest on colour alone, no script.

export interface Series {
  readonly name: string;
  /** Decides colour and dashes, so that a name looks the same in every chart; without it, the place in this one. */
  readonly place?: number;
  readonly points: readonly Point[];
}

interface Point {
  readonly x: number;
  readonly y: number;
  /** What the point stands for the middle of, drawn as a band around the line. */
  readonly spread?: number;
}

const WIDTH = 420;
const HEIGHT = 220;
const LEGEND_ROW = 14;
const MARGIN = { left: 48, right: 10, top: 10, bottom: 26 } as const;
const COLOURS = ["a", "b", "c", "d", "e", "f", "g", "h"].map((name) => `var(--${name})`);
const DASHES = ["", "6 3", "2 3", "8 3 2 3", "12 4"];
const KEYS = ["—", "– –", "···", "–·–", "— —"];

/** The colours of a chart's lines and of its surroundings, on white and on black. */
export const CHART_COLOURS = {
  light:
    "--faint:#667;--line:#d5d9e0;--a:#0b62a8;--b:#c2570c;--c:#5b7f2b;--d:#8a3ea8;--e:#b3263c;--f:#1b7f7a;--g:#7a6a00;--h:#555b66",
  dark: "--faint:#99a3b3;--line:#333a45;--a:#6cb4ee;--b:#f0a868;--c:#a9cf72;--d:#d2a0e8;--e:#f08d9b;--f:#72cfc9;--g:#d8c75e;--h:#b5bcc8",
} as const;

/** A series' colour, by its place. */
export function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length];
}
/** @param series  names must be safe to put into markup: they are our metric names */
export function lineChart(series: readonly Series[]): string {
  const points = series.flatMap((line) => line.points);
  const xs = points.map(({ x }) => x);
  const ys = points.flatMap(({ y, spread = 0 }) => [y - spread, y + spread]);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = padded(Math.min(...ys), Math.max(...ys));
  // Few names stand in the plot's corner, many above it.
  const top = series.length > 3 ? MARGIN.top + LEGEND_ROW * series.length : MARGIN.top;
  const height = HEIGHT + top - MARGIN.top;
  const x = (value: number): number => scale(value, left, right, MARGIN.left, WIDTH - MARGIN.right);
  const y = (value: number): number => scale(value, low, high, height - MARGIN.bottom, top);
  const grid = [low, (low + high) / 2, high].map(
    (value) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="var(--line)"/><text x="${MARGIN.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end" font-size="11" fill="var(--faint)">${numberLabel(value)}</text>`,
  );
  const bands = series.map((line, i) => {
    const edge = (sign: number): string[] =>
      line.points.map((point) => `${x(point.x).toFixed(1)},${y(point.y + sign * (point.spread ?? 0)).toFixed(1)}`);
    if (line.points.every(({ spread = 0 }) => spread === 0)) return "";
    return `<polygon points="${[...edge(1), ...edge(-1).reverse()].join(" ")}" fill="${colourOf(line.place ?? i)}" opacity="0.14"/>`;
  });
  const lines = series.map((line, i) => {
    const path = line.points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${colourOf(line.place ?? i)}" stroke-width="1.8" stroke-dasharray="${DASHES[(line.place ?? i) % DASHES.length]}"/>`;
  });
  const legend = series.map(
    (line, i) =>
      `<text x="${MARGIN.left + 8}" y="${MARGIN.top + (series.length > 3 ? 6 : 13) + LEGEND_ROW * i}" font-size="11" fill="${colourOf(line.place ?? i)}">${KEYS[(line.place ?? i) % KEYS.length]} ${line.name}</text>`,
  );
  const ends = `<text x="${MARGIN.left}" y="${height - 8}" font-size="11" fill="var(--faint)">step ${left}</text><text x="${WIDTH - MARGIN.right}" y="${height - 8}" text-anchor="end" font-size="11" fill="var(--faint)">step ${right}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${series.map(({ name }) => name).join(", ")} by step">${grid.join("")}${bands.join("")}${lines.join("")}${legend.join("")}${ends}</svg>`;
}

/** A chart as a file of its own. */
export function chartFile(svg: string): string {
  const style = `<style>svg{${CHART_COLOURS.light};background:#fff;font-family:sans-serif}</style>`;
  return `${svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').replace(/(<svg [^>]*>)/, `$1${style}`)}\n`;
}

export function padded(low: number, high: number): [number, number] {
  const room = high === low ? Math.max(Math.abs(high), 1) * 0.1 : (high - low) * 0.08;
  return [low >= 0 && low < room * 2 ? 0 : low - room, high + room];
}

export function scale(value: number, low: number, high: number, from: number, to: number): number {
  return high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from);
}

export function numberLabel(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && size < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}
