// A table of any length of which only the rows in sight exist. It knows nothing of what a row holds; rows are all of one
// height. The rows stand in a box that stays in sight, so that fast scrolling never shows an empty place.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { useKeys } from "../keyboard.js";
import { rowByKey, scrolledPixels, scrollTopOf, topOf, topShowing, windowAt } from "./virtual-window.js";

const listKeys = [
  ["j", "next"],
  ["k", "previous"],
  ["ArrowDown", "next"],
  ["ArrowUp", "previous"],
  ["PageDown", "a page on"],
  ["PageUp", "a page back"],
  ["Home", "first"],
  ["End", "last"],
] as const;

interface VirtualListProps {
  readonly label: string;
  /** Where the list begins; it writes where it is. */
  readonly kept?: { top: number };
  readonly count: number;
  readonly rowPixels: number;
  /** Rows that ever came in before the first: as it grows, what is in sight stays where it is. */
  readonly before: number;
  /** The row that keys act on, wherever the focus is. */
  readonly cursor: number;
  readonly onCursor: (row: number) => void;
  readonly onOpen: (row: number) => void;
  /** Rows in sight: from `first` up to `end`. */
  readonly onWindow: (first: number, end: number) => void;
  readonly head: ComponentChildren;
  readonly row: (index: number) => ComponentChildren;
}

export function VirtualList(props: VirtualListProps): JSX.Element {
  const { label, kept, count, rowPixels, before, cursor, onCursor, onOpen, onWindow, head, row } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [top, setTopAlone] = useState(kept?.top ?? 0);
  const [viewPixels, setViewPixels] = useState(0);
  const had = useRef(before);
  const shape = { count, rowPixels, viewPixels };

  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = (): void => setViewPixels(Math.max(0, element.clientHeight - headPixels(element)));
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const setTop = (to: number): void => {
    if (kept) kept.top = to;
    setTopAlone(to);
  };
  const move = (to: number): void => {
    setTop(to);
    if (scroller.current) scroller.current.scrollTop = scrollTopOf(shape, to);
  };
  useLayoutEffect(() => {
    if (count === 0 || viewPixels === 0) return;
    const came = before - had.current;
    had.current = before;
    // What was chosen moves on with its row.
    if (came !== 0 && cursor !== 0) onCursor(Math.min(count - 1, Math.max(0, cursor + came)));
    // At the very top the reader follows what comes in.
    move(topOf(shape, scrollTopOf(shape, top === 0 ? 0 : top + came * rowPixels)));
  }, [count, before, rowPixels, viewPixels]);

  const { first, end, shiftPixels } = windowAt(shape, top);
  useEffect(() => onWindow(first, end), [first, end]);

  const onScroll = (): void => {
    const at = scroller.current?.scrollTop ?? 0;
    // What was scrolled by move() is known more exactly than the browser says it.
    if (Math.abs(at - scrollTopOf(shape, top)) >= 1) setTop(topOf(shape, at));
  };
  useKeys("List", [
    ...listKeys.map(([keys, says]) => ({
      keys,
      says,
      run: () => {
        const to = rowByKey(keys, cursor, shape);
        if (to === null) return;
        onCursor(to);
        move(topShowing(shape, top, to));
      },
    })),
    { keys: "Enter", says: "open", run: () => onOpen(cursor) },
  ]);
  return (
    <div
      ref={scroller}
      class="list"
      role="grid"
      aria-label={label}
      aria-rowcount={count}
      tabIndex={0}
      onScroll={onScroll}
    >
      <div class="list-head" role="row">
        {head}
      </div>
      <div class="list-space" style={{ height: `${scrolledPixels(shape)}px` }}>
        <div class="list-sight" style={{ height: `${Math.min(viewPixels, scrolledPixels(shape))}px` }}>
          {Array.from({ length: end - first }, (_, index) => (
            <div
              key={first + index}
              class="list-row"
              role="row"
              aria-rowindex={first + index + 1}
              aria-selected={first + index === cursor}
              style={{ height: `${rowPixels}px`, top: `${shiftPixels + index * rowPixels}px` }}
              onPointerDown={() => onCursor(first + index)}
            >
              {row(first + index)}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function headPixels(scroller: HTMLElement): number {
  const head = scroller.firstElementChild;
  return head instanceof HTMLElement ? head.offsetHeight : 0;
}
