// An answer out of the index beside the records: asked for again until the index is complete.

import { useEffect, useState } from "preact/hooks";
import type { Answer, Question } from "../../src/dashboard/api/endpoints.js";
import type { IndexProgress } from "../../src/dashboard/api/rollouts.js";
import { type Asked, useAnswer } from "../use-answer.js";

const POLL_MS = 800;

export function useIndexed<N extends "links" | "problems" | "rollouts">(
  name: N,
  question: Question<N> | null,
): Asked<Answer<N>> {
  const [polls, setPolls] = useState(0);
  const asked = useAnswer(name, question, polls);
  const index = indexOf(asked.answer);
  const isGrowing = index !== null && index.steps < index.of && !asked.loading && asked.error === null;
  useEffect(() => {
    if (!isGrowing) return undefined;
    const timer = setTimeout(() => setPolls((count) => count + 1), POLL_MS);
    return () => clearTimeout(timer);
  }, [isGrowing]);
  return asked;
}

function indexOf(answer: { readonly index: IndexProgress } | null): IndexProgress | null {
  return answer?.index ?? null;
}
