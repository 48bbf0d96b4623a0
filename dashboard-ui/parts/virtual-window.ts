// Which rows of a long list are in sight, by arithmetic alone. Browsers draw no element higher than some 17 million
// pixels: a longer list scrolls in a shorter one, proportionally, so that every row can be reached.

/** Below Firefox's limit of 17.8 million, the lowest of the browsers'. */
export const HIGHEST_PIXELS = 15_000_000;

export interface ListShape {
  readonly count: number;
  readonly rowPixels: number;
  /** Height of what shows rows. */
  readonly viewPixels: number;
}

/** Of the element that is scrolled. */
export function scrolledPixels({ count, rowPixels }: ListShape): number {
  return Math.min(count * rowPixels, HIGHEST_PIXELS);
}

/** How far the list is moved, in pixels of a list without a limit. */
export function topOf(shape: ListShape, scrollTop: number): number {
  const most = mostTop(shape);
  const mostScrolled = Math.max(0, scrolledPixels(shape) - shape.viewPixels);
  if (mostScrolled === 0) return 0;
  return clamp(most === mostScrolled ? scrollTop : (scrollTop / mostScrolled) * most, 0, most);
}

/** Where to scroll to for that; topOf's inverse. */
export function scrollTopOf(shape: ListShape, top: number): number {
  const most = mostTop(shape);
  const mostScrolled = Math.max(0, scrolledPixels(shape) - shape.viewPixels);
  if (most === 0) return 0;
  const wanted = clamp(top, 0, most);
  return most === mostScrolled ? wanted : (wanted / most) * mostScrolled;
}

export interface RowWindow {
  readonly first: number;
  /** The one after the last. */
  readonly end: number;
  /** Of the first row, from the top of what shows rows; 0 or less. */
  readonly shiftPixels: number;
}

export function windowAt(shape: ListShape, top: number): RowWindow {
  const first = clamp(Math.floor(top / shape.rowPixels), 0, Math.max(0, shape.count - 1));
  const end = Math.min(shape.count, Math.ceil((top + shape.viewPixels) / shape.rowPixels));
  return { first, end: Math.max(first, end), shiftPixels: first * shape.rowPixels - top };
}

/** The smallest move that brings a row into sight. */
export function topShowing(shape: ListShape, top: number, row: number): number {
  const above = row * shape.rowPixels;
  const below = above + shape.rowPixels - shape.viewPixels;
  return clamp(top > above ? above : Math.max(top, below), 0, mostTop(shape));
}

/** The row that a key leads to; null where the key is none of the list's. */
export function rowByKey(key: string, row: number, { count, rowPixels, viewPixels }: ListShape): number | null {
  const page = Math.max(1, Math.floor(viewPixels / rowPixels) - 1);
  const moves: Readonly<Record<string, number>> = {
    j: row + 1,
    ArrowDown: row + 1,
    k: row - 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: row - page,
    Home: 0,
    End: count - 1,
  };
  const to = Object.hasOwn(moves, key) ? moves[key] : undefined;
  return to === undefined || count === 0 ? null : clamp(to, 0, count - 1);
}

function mostTop({ count, rowPixels, viewPixels }: ListShape): number {
  return Math.max(0, count * rowPixels - viewPixels);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
