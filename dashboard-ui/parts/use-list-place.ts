// Where a reader is in each long list, as long as the page is open: who comes back to a list finds it as it was.

import { useState } from "preact/hooks";

export interface ListPlace {
  /** Of the rows in sight, in pixels of a list without a limit; the list writes it. */
  readonly kept: { top: number };
  readonly cursor: number;
  readonly onCursor: (row: number) => void;
}

const places = new Map<string, { top: number; cursor: number }>();

/** @param list  what is listed, in the order it is listed; the caller gives each a list of its own (a key) */
export function useListPlace(list: string): ListPlace {
  const [kept] = useState(() => {
    const place = places.get(list) ?? { top: 0, cursor: 0 };
    places.set(list, place);
    return place;
  });
  const [cursor, setCursor] = useState(kept.cursor);
  const onCursor = (row: number): void => {
    kept.cursor = row;
    setCursor(row);
  };
  return { kept, cursor, onCursor };
}
