// Long lists of short items in columns, as Node's console sets them: as many as make a block about as high as it is wide.

import { floor, max, min, repeat, round, sqrt } from "./primordials.js";

export const WIDTH = 80;
export const MAX_ITEMS = 100;

/** The rows of a list, or its parts as they are where columns would not help. */
export function inColumns(parts, value, length, indent) {
  const count = length > MAX_ITEMS ? parts.length - 1 : parts.length;
  let total = 0;
  let longest = 0;
  for (let at = 0; at < count; at++) {
    total += parts[at].length + 2;
    longest = max(longest, parts[at].length);
  }
  const cell = longest + 2;
  if (cell * 3 + indent >= WIDTH || (total / cell <= 5 && longest > 6)) return parts;
  const bias = max(cell - 3 - sqrt(cell - total / parts.length), 1);
  const columns = min(round(sqrt(2.5 * bias * count) / bias), floor((WIDTH - indent) / cell), 12, 15);
  if (columns <= 1) return parts;
  const rows = rowsOf(parts, count, columns, isNumeric(value, parts.length));
  if (count < parts.length) rows[rows.length] = parts[count];
  return rows;
}

function rowsOf(parts, count, columns, right) {
  const widths = [];
  for (let at = 0; at < columns; at++) {
    let width = 0;
    for (let row = at; row < count; row += columns) width = max(width, parts[row].length);
    widths[at] = width + 2;
  }
  const rows = [];
  for (let from = 0; from < count; from += columns) {
    const end = min(from + columns, count);
    let row = "";
    for (let at = from; at < end; at++) {
      const last = at === end - 1;
      const cell = last ? parts[at] : `${parts[at]}, `;
      const gap = repeat(" ", max(0, widths[at - from] - (last ? 2 : 0) - cell.length));
      row += right ? gap + cell : last ? cell : cell + gap;
    }
    rows[rows.length] = row;
  }
  return rows;
}

function isNumeric(value, count) {
  for (let at = 0; at < count; at++) if (typeof value[at] !== "number" && typeof value[at] !== "bigint") return false;
  return true;
}
