// A text looked for piece by piece: the server reads for a moment and says where to go on. Goes on by itself until there
// is enough to read, then when the reader asks.

import { useContext, useEffect, useState } from "preact/hooks";
import type { Question } from "../../src/dashboard/api/endpoints.js";
import type { SearchPage } from "../../src/dashboard/api/rollouts.js";
import { SourceContext } from "../use-answer.js";

export type Hit = SearchPage["rows"][number];

export interface Search {
  readonly hits: readonly Hit[];
  readonly state: "searching" | "paused" | "ended";
  readonly searched: number;
  readonly of: number;
  readonly error: string | null;
  readonly goOn: () => void;
  readonly pause: () => void;
}

/** More on one page than anybody reads at once. */
const ENOUGH = 100;

interface Found {
  readonly hits: readonly Hit[];
  readonly cursor: number | null | undefined;
  readonly searched: number;
  readonly of: number;
}

const NOTHING: Found = { hits: [], cursor: undefined, searched: 0, of: 0 };

/** @param question  without a cursor; the caller gives each question a part of its own (a key) */
export function useSearch(question: Question<"search">): Search {
  const source = useContext(SourceContext);
  const [found, setFound] = useState(NOTHING);
  const [wanted, setWanted] = useState(ENOUGH);
  const [error, setError] = useState<string | null>(null);
  const isOn = found.cursor !== null && found.hits.length < wanted && error === null;
  useEffect(() => {
    if (!isOn) return undefined;
    const abort = new AbortController();
    const from = found.cursor === undefined || found.cursor === null ? {} : { cursor: found.cursor };
    source.ask("search", { ...question, ...from }, abort.signal).then(
      ({ rows, cursor, searched, of }) => setFound(({ hits }) => ({ hits: [...hits, ...rows], cursor, searched, of })),
      (reason: unknown) => {
        if (!abort.signal.aborted) setError(reason instanceof Error ? reason.message : String(reason));
      },
    );
    return () => abort.abort();
  }, [source, isOn, found.cursor]);
  return {
    ...found,
    error,
    state: found.cursor === null ? "ended" : isOn ? "searching" : "paused",
    goOn: () => {
      setError(null);
      setWanted(found.hits.length + ENOUGH);
    },
    pause: () => setWanted(0),
  };
}
