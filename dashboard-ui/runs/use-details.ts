// Several runs in full, asked for together.

import { useContext, useEffect, useState } from "preact/hooks";
import type { RunDetail } from "../../src/dashboard/api/runs.js";
import { type Asked, ChangesContext, SourceContext } from "../use-answer.js";

export interface Details {
  readonly found: readonly RunDetail[];
  /** Runs that could not be read, with the server's words. */
  readonly missing: ReadonlyArray<readonly [run: string, error: string]>;
}

export function useDetails(runs: readonly string[]): Asked<Details> {
  const source = useContext(SourceContext);
  const changes = useContext(ChangesContext);
  const [asked, setAsked] = useState<Asked<Details>>({ answer: null, error: null, loading: true });
  const version = runs.reduce((sum, run) => sum + (changes[run] ?? 0), changes["*"] ?? 0);
  useEffect(() => {
    const abort = new AbortController();
    void Promise.allSettled(runs.map((run) => source.ask("run", { run }, abort.signal))).then((results) => {
      if (abort.signal.aborted) return;
      const found = results.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
      const missing = results.flatMap((result, i) =>
        result.status === "rejected" ? [[runs[i] ?? "", String((result.reason as Error).message)] as const] : [],
      );
      setAsked({ answer: { found, missing }, error: null, loading: false });
    });
    return () => abort.abort();
  }, [source, runs.join("\n"), version]);
  return asked;
}
