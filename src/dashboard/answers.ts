// Every question of the page and who answers it, by the endpoints' own types. How questions travel is app.ts; a report asks
// here too, without a server.

import { measures } from "../eval/family/family.js";
import { metricCatalogue } from "../runs/metrics.js";
import type { Answer, Asked, EndpointName } from "./api/endpoints.js";
import { Comparer } from "./comparison/comparer.js";
import { openCurveReader } from "./curves.js";
import { describeRun } from "./detail.js";
import { evaluatedProblemOf } from "./evaluated-problem.js";
import { evaluationTableOf } from "./evaluation-files.js";
import type { ServedFolder } from "./folder.js";
import { matrixOf } from "./matrix.js";
import { OpenRollouts } from "./open-rollouts.js";
import { RefusedRequest } from "./refusal.js";
import type { Rollouts } from "./rollouts/answers.js";
import type { RunLister } from "./run-list.js";
import { openScoreReader } from "./scores.js";
import { traceRollout } from "./trace.js";
import { Tracing } from "./tracing.js";

type Handlers = { readonly [N in EndpointName]: (question: Asked<N>) => Answer<N> | Promise<Answer<N>> };

export interface Answers {
  /** @throws RefusedRequest, UsageError, DataError, OverloadError in words for people; anything else is our own fault */
  ask<N extends EndpointName>(name: N, question: Asked<N>): Promise<Answer<N>>;
  close(): Promise<void>;
}

export function openAnswers(folder: ServedFolder, runs: RunLister): Answers {
  const curves = openCurveReader();
  const scores = openScoreReader();
  const comparer = new Comparer();
  const rollouts = new OpenRollouts();
  const tracing = new Tracing();
  const of = <T>(run: string, ask: (rollouts: Rollouts) => Promise<T>): Promise<T> =>
    rollouts.use(folder.runPath(run), ask);
  const handlers: Handlers = {
    runs: () => runs.list(),
    run: ({ run }) => describeRun(folder.runPath(run), runs.summary(run), curves),
    catalogue: () => ({ metrics: metricCatalogue, measures }),
    metrics: ({ run, names, after }) => curves.columns(folder.runPath(run), run, names, after ?? -1),
    rollouts: ({ run, ...question }) => of(run, (rollouts) => rollouts.page(question)),
    search: ({ run, ...question }) => of(run, (rollouts) => rollouts.search(question)),
    problems: ({ run }) => of(run, (rollouts) => rollouts.problems()),
    group: async ({ run, ...question }) => ({ run, ...(await of(run, (rollouts) => rollouts.group(question))) }),
    links: ({ run, ...question }) => of(run, (rollouts) => rollouts.links(question)),
    problem: ({ run, ...question }) => of(run, (rollouts) => rollouts.problem(question)),
    trace: (request) => {
      const path = folder.runPath(request.run);
      return tracing.use((sandbox) => traceRollout(sandbox, path, request));
    },
    evaluation: ({ run, benchmark }) => evaluationTableOf(folder.placePath(run), run, benchmark),
    matrix: (question) => matrixOf(folder, scores, { ...question, runs: [...new Set(question.runs)] }),
    evaluatedProblem: (question) => evaluatedProblemOf(folder, scores, question),
    comparison: ({ runs: places }) =>
      comparer.compare([...new Set(places)].map((place) => ({ place, path: folder.placePath(place) }))),
  };
  return {
    ask: async (name, question) => {
      try {
        return await handlers[name](question);
      } catch (error) {
        // What was deleted while it was read is gone, whatever its reader stumbled over.
        if (!(error instanceof RefusedRequest) && "run" in question) folder.placePath(question.run);
        throw error;
      }
    },
    close: async () => {
      await Promise.all([rollouts.close(), comparer.close(), tracing.close()]);
    },
  };
}
