// The trace that the view asks for: once for each input. A run that goes on does not change it, so nothing is asked again.

import { useContext, useEffect, useState } from "preact/hooks";
import type { TraceDetail, TraceRequest } from "../../src/dashboard/api/rollouts.js";
import { type Asked, SourceContext } from "../use-answer.js";

export function useTrace(request: TraceRequest): Asked<TraceDetail> {
  const source = useContext(SourceContext);
  const [asked, setAsked] = useState<Asked<TraceDetail>>({ answer: null, error: null, loading: true });
  useEffect(() => {
    const abort = new AbortController();
    setAsked({ answer: null, error: null, loading: true });
    source.ask("trace", request, abort.signal).then(
      (answer) => setAsked({ answer, error: null, loading: false }),
      (error: unknown) => {
        if (!abort.signal.aborted)
          setAsked({ answer: null, error: error instanceof Error ? error.message : String(error), loading: false });
      },
    );
    return () => abort.abort();
  }, [source, JSON.stringify(request)]);
  return asked;
}
