// The rows in sight, asked for a page at a time; asked for again while the run or its index goes on.

import { useContext, useEffect, useState } from "preact/hooks";
import type { Question } from "../../src/dashboard/api/endpoints.js";
import { ChangesContext, changesOf, SourceContext } from "../use-answer.js";
import type { Order } from "./filter.js";
import { emptyStore, holds, PAGE_ROWS, pageOffsets, type RowStore, taken } from "./row-store.js";

/** A reader who drags the list passes many pages. */
const SETTLE_MS = 60;
const INDEX_POLL_MS = 800;

export interface Rows {
  readonly store: RowStore;
  readonly error: string | null;
  /** Which rows are in sight now. */
  readonly see: (first: number, end: number) => void;
}

/** @param question  without a page; the caller gives each question a list of its own (a key) */
export function useRows(question: Question<"rollouts">, order: Order): Rows {
  const source = useContext(SourceContext);
  const changes = useContext(ChangesContext);
  const [store, setStore] = useState(emptyStore);
  const [error, setError] = useState<string | null>(null);
  const [polls, setPolls] = useState(0);
  const [offsets, setOffsets] = useState<readonly number[]>([0]);
  const version = `${changesOf(question, changes)} ${polls}`;
  const [asked, setAsked] = useState("");

  useEffect(() => {
    const wanted = asked === version ? offsets.filter((offset) => !holds(store, offset)) : offsets;
    if (wanted.length === 0) return undefined;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      const pages = await Promise.all(
        wanted.map((offset) => source.ask("rollouts", { ...question, offset, limit: PAGE_ROWS }, abort.signal)),
      );
      setStore((held) => pages.reduce((sum, page) => taken(sum, order, page), held));
      setAsked(version);
      setError(null);
    };
    const timer = setTimeout(
      () => {
        ask().catch((reason: unknown) => {
          if (!abort.signal.aborted) setError(reason instanceof Error ? reason.message : String(reason));
        });
      },
      store.total === null ? 0 : SETTLE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [source, version, offsets.join()]);

  const isGrowing = store.index !== null && store.index.steps < store.index.of;
  useEffect(() => {
    if (!isGrowing || error !== null) return undefined;
    const timer = setTimeout(() => setPolls((count) => count + 1), INDEX_POLL_MS);
    return () => clearTimeout(timer);
  }, [isGrowing, store, error]);

  return { store, error, see: (first, end) => setOffsets(pageOffsets(first, end)) };
}
