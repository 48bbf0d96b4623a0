// A line chart as SVG text: axes, a legend that does not rest on colour alone, no script.

export interface Series {
  readonly name: string;
  readonly points: ReadonlyArray<{ readonly x: number; readonly y: number }>;
}

const WIDTH = 420;
const HEIGHT = 220;
const MARGIN = { left: 48, right: 10, top: 10, bottom: 26 } as const;
const COLOURS = ["var(--a)", "var(--b)", "var(--c)"];
const DASHES = ["", "6 3", "2 3"];

/** @param series  names must be safe to put into markup: they are our metric names */
export function lineChart(series: readonly Series[]): string {
  const points = series.flatMap((line) => line.points);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [low, high] = padded(Math.min(...ys), Math.max(...ys));
  const x = (value: number): number => scale(value, left, right, MARGIN.left, WIDTH - MARGIN.right);
  const y = (value: number): number => scale(value, low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const grid = [low, (low + high) / 2, high].map(
    (value) =>
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" stroke="var(--line)"/><text x="${MARGIN.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end" font-size="11" fill="var(--faint)">${label(value)}</text>`,
  );
  const lines = series.map((line, i) => {
    const path = line.points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${COLOURS[i % 3]}" stroke-width="1.8" stroke-dasharray="${DASHES[i % 3]}"/>`;
  });
  const legend = series.map(
    (line, i) =>
      `<text x="${MARGIN.left + 8}" y="${MARGIN.top + 13 + 14 * i}" font-size="11" fill="${COLOURS[i % 3]}">${i === 0 ? "—" : i === 1 ? "– –" : "···"} ${line.name}</text>`,
  );
  const ends = `<text x="${MARGIN.left}" y="${HEIGHT - 8}" font-size="11" fill="var(--faint)">step ${left}</text><text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end" font-size="11" fill="var(--faint)">step ${right}</text>`;
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${series.map(({ name }) => name).join(", ")} by step">${grid.join("")}${lines.join("")}${legend.join("")}${ends}</svg>`;
}

const STANDALONE_STYLE =
  "svg{--a:#0b62a8;--b:#c2570c;--c:#5b7f2b;--faint:#667;--line:#d5d9e0;background:#fff;font-family:sans-serif}";

/** The chart as a file of its own. */
export function chartFile(series: readonly Series[]): string {
  const drawn = lineChart(series);
  return `${drawn.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ').replace(/(<svg [^>]*>)/, `$1<style>${STANDALONE_STYLE}</style>`)}\n`;
}

function padded(low: number, high: number): [number, number] {
  const room = high === low ? Math.max(Math.abs(high), 1) * 0.1 : (high - low) * 0.08;
  return [low >= 0 && low < room * 2 ? 0 : low - room, high + room];
}

function scale(value: number, low: number, high: number, from: number, to: number): number {
  return high === low ? (from + to) / 2 : from + ((value - low) / (high - low)) * (to - from);
}

function label(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && size < 0.001 ? value.toExponential(0) : String(Number(value.toPrecision(3)));
}
