// Every question of the page and who answers it, by the endpoints' own types. How questions travel is app.ts; a report asks
// here too, without a server.

import { measures } from "../eval/family/family.js";
import { metricCatalogue } from "../runs/metrics.js";
import type { Answer, Asked, EndpointName } from "./api/endpoints.js";
import { openCurveReader } from "./curves.js";
import { describeRun } from "./detail.js";
import { evaluationTableOf } from "./evaluation-files.js";
import { type ServedFolder } from "./folder.js";
import { RefusedRequest } from "./refusal.js";
import type { RunLister } from "./run-list.js";

type Handlers = { readonly [N in EndpointName]: (question: Asked<N>) => Answer<N> | Promise<Answer<N>> };

export interface Answers {
  /** @throws RefusedRequest, UsageError, DataError, OverloadError in words for people; anything else is our own fault */
  ask<N extends EndpointName>(name: N, question: Asked<N>): Promise<Answer<N>>;
  close(): Promise<void>;
}

export function openAnswers(folder: ServedFolder, runs: RunLister): Answers {
  const curves = openCurveReader();
  const notYet = (): never => {
    throw new RefusedRequest(501, "not there yet");
  };
  const handlers: Handlers = {
    runs: () => runs.list(),
    run: ({ run }) => describeRun(folder.runPath(run), runs.summary(run), curves),
    catalogue: () => ({ metrics: metricCatalogue, measures }),
    metrics: ({ run, names, after }) => curves.columns(folder.runPath(run), run, names, after ?? -1),
    rollouts: notYet,
    search: notYet,
    problems: notYet,
    group: notYet,
    links: notYet,
    problem: notYet,
    trace: notYet,
    evaluation: ({ run, benchmark }) => evaluationTableOf(folder.placePath(run), run, benchmark),
    matrix: notYet,
    evaluatedProblem: notYet,
    comparison: notYet,
  };
  return {
    ask: async (name, question) => handlers[name](question),
    close: async () => {},
  };
}
