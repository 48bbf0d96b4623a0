// How values of a chart are written, on its axis and beside it.

import { bytesText, durationText, numberText, percentText } from "../parts/format.js";

export type Unit = "share" | "seconds" | "bytes" | "number";

export function valueText(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined) return "–";
  switch (unit) {
    case "share":
      return percentText(value, Math.abs(value) < 0.01 && value !== 0 ? 2 : 1);
    case "seconds":
      return durationText(value);
    case "bytes":
      return bytesText(value);
    case "number":
      return numberText(value);
    default:
      return unit satisfies never;
  }
}

/** Ticks as short as still tells them apart. @param gap  between neighbours; null on a logarithmic axis */
export function tickText(value: number, gap: number | null, unit: Unit): string {
  if (unit === "bytes") return bytesText(value);
  const scale = unit === "share" ? 100 : 1;
  const sign = unit === "share" ? " %" : unit === "seconds" ? " s" : "";
  return `${plainTick(value * scale, gap === null ? null : gap * scale)}${sign}`;
}

function plainTick(value: number, gap: number | null): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential().replace("e+", "e");
  if (gap === null) return String(Number(value.toPrecision(6)));
  let digits = 0;
  while (digits < 8 && Math.abs(gap * 10 ** digits - Math.round(gap * 10 ** digits)) > 1e-6 * gap * 10 ** digits)
    digits++;
  return value.toFixed(digits);
}
