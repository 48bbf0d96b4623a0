// Several answers of one endpoint, as a view of several runs has them: each asked for once, again when its run goes on.

import { useContext, useEffect, useState } from "preact/hooks";
import { messageOf } from "../src/core/errors.js";
import type { Answer, EndpointName, Question } from "../src/dashboard/api/endpoints.js";
import { keyOf } from "../src/dashboard/api/question.js";
import { type Asked, ChangesContext, changesOf, SourceContext } from "./use-answer.js";

const NOTHING: Asked<never> = { answer: null, error: null, loading: true };

/** In the order of the questions; what was answered before stays until it is answered again. */
export function useAnswers<N extends EndpointName>(name: N, questions: readonly Question<N>[]): Asked<Answer<N>>[] {
  const source = useContext(SourceContext);
  const changes = useContext(ChangesContext);
  const [held, setHeld] = useState<Readonly<Record<string, Asked<Answer<N>>>>>({});
  const keys = questions.map((question) => keyOf(name, question));
  const versions = questions.map((question) => changesOf(question, changes));
  useEffect(() => {
    const abort = new AbortController();
    const hold = (key: string, asked: Asked<Answer<N>>): void => {
      if (!abort.signal.aborted) setHeld((before) => ({ ...before, [key]: asked }));
    };
    for (const [i, question] of questions.entries()) {
      const key = keys[i];
      source.ask(name, question, abort.signal).then(
        (answer) => hold(key, { answer, error: null, loading: false }),
        (error: unknown) => hold(key, { answer: null, error: messageOf(error), loading: false }),
      );
    }
    return () => abort.abort();
  }, [source, JSON.stringify([name, keys, versions])]);
  return keys.map((key) => held[key] ?? NOTHING);
}
