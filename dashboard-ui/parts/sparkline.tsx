// A curve without axes, as wide as a word: the shape of a run in a list.

import type { JSX } from "preact";
import { colourName, dashOf } from "../charts/colours.js";

interface SparklineProps {
  /** Drawn over each other on one scale; null is a gap. */
  readonly columns: ReadonlyArray<ReadonlyArray<number | null>>;
  readonly title: string;
}

const [WIDTH, HEIGHT] = [96, 24];

export function Sparkline({ columns, title }: SparklineProps): JSX.Element {
  const all = columns.flat().filter((value) => value !== null);
  const [low, high] = all.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, -Infinity]);
  return (
    <svg class="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={title}>
      <title>{title}</title>
      {columns.map((values, i) => (
        <path
          key={i}
          d={pathOf(values, low, high)}
          fill="none"
          stroke={`var(${colourName(i)})`}
          stroke-width="1.5"
          stroke-dasharray={dashOf(i)
            .map((length) => length / 2)
            .join(" ")}
        />
      ))}
    </svg>
  );
}

/** Long curves are means of as many pieces as there are pixels. */
function pathOf(values: readonly (number | null)[], low: number, high: number): string {
  const count = Math.min(values.length, WIDTH);
  let isGap = true;
  let path = "";
  for (let i = 0; i < count; i++) {
    const piece = values.slice(Math.floor((i * values.length) / count), Math.floor(((i + 1) * values.length) / count));
    const defined = piece.filter((value) => value !== null);
    if (defined.length === 0) {
      isGap = true;
      continue;
    }
    const mean = defined.reduce((sum, value) => sum + value, 0) / defined.length;
    const x = count === 1 ? WIDTH / 2 : 1 + (i * (WIDTH - 2)) / (count - 1);
    const y = high === low ? HEIGHT / 2 : HEIGHT - 2 - ((mean - low) / (high - low)) * (HEIGHT - 4);
    path += `${isGap ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    // A move alone draws nothing.
    if (isGap) path += "h1";
    isGap = false;
  }
  return path;
}
