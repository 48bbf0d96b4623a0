// Values with their intervals as SVG text: one row a name, a dot and a bar, a line where the comparison stands.

import { colourOf, numberLabel, padded, scale } from "./chart.js";

export interface Dot {
  readonly name: string;
  /** Its place among all that is drawn anywhere of this subject: the same name has the same colour in every chart. */
  readonly place: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const WIDTH = 420;
const ROW = 24;
const MARGIN = { left: 150, right: 14, top: 10, bottom: 26 } as const;

/**
 * @param zero  where a line is drawn to compare with; null: none
 * @param dots  names must be safe to put into markup
 */
export function dotChart(dots: readonly Dot[], zero: number | null, what: string): string {
  const ends = [...dots.flatMap(({ low, high }) => [low, high]), ...(zero === null ? [] : [zero])];
  const [least, most] = padded(Math.min(...ends), Math.max(...ends));
  const height = MARGIN.top + ROW * dots.length + MARGIN.bottom;
  const x = (value: number): string => scale(value, least, most, MARGIN.left, WIDTH - MARGIN.right).toFixed(1);
  const floor = height - MARGIN.bottom;
  const axis = [least, (least + most) / 2, most].map(
    (value) =>
      `<line x1="${x(value)}" x2="${x(value)}" y1="${MARGIN.top}" y2="${floor}" stroke="var(--line)"/><text x="${x(value)}" y="${height - 8}" text-anchor="middle" font-size="11" fill="var(--faint)">${numberLabel(value)}</text>`,
  );
  const line =
    zero === null
      ? ""
      : `<line x1="${x(zero)}" x2="${x(zero)}" y1="${MARGIN.top}" y2="${floor}" stroke="var(--faint)" stroke-dasharray="4 3"/>`;
  const rows = dots.map(({ name, place, value, low, high }, i) => {
    const y = MARGIN.top + ROW * (i + 0.5);
    const colour = colourOf(place);
    return `<text x="${MARGIN.left - 8}" y="${y + 4}" text-anchor="end" font-size="11" fill="${colour}">${name}</text><line x1="${x(low)}" x2="${x(high)}" y1="${y}" y2="${y}" stroke="${colour}" stroke-width="2"/><circle cx="${x(value)}" cy="${y}" r="4" fill="${colour}"/>`;
  });
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${what}">${axis.join("")}${line}${rows.join("")}</svg>`;
}
