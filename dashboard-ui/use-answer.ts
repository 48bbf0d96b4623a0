// An answer as a view has it: asked for when the question changes or the run goes on, the old one shown until then.

import { createContext } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { messageOf } from "../src/core/errors.js";
import type { Answer, EndpointName, Question } from "../src/dashboard/api/endpoints.js";
import { keyOf } from "../src/dashboard/api/question.js";
import { heldSource } from "./held.js";
import type { Source } from "./source.js";

export const SourceContext = createContext<Source>(heldSource({}));

/** Counts what has changed, by run: a view that shows a run asks again when its number changes. */
export const ChangesContext = createContext<Readonly<Record<string, number>>>({});

export interface Asked<T> {
  readonly answer: T | null;
  /** In the server's words. */
  readonly error: string | null;
  readonly loading: boolean;
}

/**
 * @param question  null asks nothing
 * @param again  asks again when it changes
 */
export function useAnswer<N extends EndpointName>(name: N, question: Question<N> | null, again = 0): Asked<Answer<N>> {
  const source = useContext(SourceContext);
  const changes = useContext(ChangesContext);
  const [asked, setAsked] = useState<Asked<Answer<N>>>({ answer: null, error: null, loading: question !== null });
  const key = question === null ? null : JSON.stringify([keyOf(name, question), name === "trace" ? question : null]);
  const version = changesOf(question, changes);
  useEffect(() => {
    if (question === null) return setAsked({ answer: null, error: null, loading: false });
    const abort = new AbortController();
    setAsked(({ answer }) => ({ answer, error: null, loading: true }));
    source.ask(name, question, abort.signal).then(
      (answer) => setAsked({ answer, error: null, loading: false }),
      (error: unknown) => {
        if (!abort.signal.aborted) setAsked({ answer: null, error: messageOf(error), loading: false });
      },
    );
    return () => abort.abort();
  }, [source, key, version, again]);
  return asked;
}

/** All changes where the question names no run; "*" counts for every run. */
export function changesOf(question: object | null, changes: Readonly<Record<string, number>>): number {
  if (question === null) return 0;
  if ("run" in question && typeof question.run === "string") return (changes[question.run] ?? 0) + (changes["*"] ?? 0);
  return Object.values(changes).reduce((sum, count) => sum + count, 0);
}
