// Every endpoint of the dashboard: where it is, what it takes, what it answers. The server checks questions by it, the
// page is typed by it, docs/dashboard-api.md and schemas/dashboard.json are generated from it.

import { z } from "zod";
import {
  groupDetail,
  problemDetail,
  problemTable,
  rolloutLinks,
  rolloutPage,
  searchPage,
  traceDetail,
  traceRequest,
} from "./rollouts.js";
import {
  catalogue,
  comparison,
  evaluatedProblem,
  evaluationTable,
  matrix,
  metricColumns,
  place,
  runDetail,
  runList,
} from "./runs.js";

const whole = z.coerce.number().int().nonnegative();
const real = z.coerce.number();
/** Given once for each: `runs=a&runs=b`. */
const several = z.array(z.string()).min(1);

/** Which rollouts; what is left out keeps all. */
const filter = {
  run: place,
  task: z.enum(["code", "alignment"]).optional(),
  fromStep: whole.optional(),
  toStep: whole.optional(),
  verdict: z.enum(["passed", "failed", "unparsable", "infrastructure"]).optional(),
  /** Of failed ones. */
  reason: z.string().optional(),
  /** Part of the problem's id. */
  problem: z.string().optional(),
  minimumReward: real.optional(),
  maximumReward: real.optional(),
};

export const endpoints = {
  runs: {
    method: "GET",
    path: "/api/runs",
    query: z.strictObject({}),
    answer: runList,
    says: "every run and evaluation under the folder",
  },
  run: {
    method: "GET",
    path: "/api/run",
    query: z.strictObject({ run: place }),
    answer: runDetail,
    says: "one run: config, versions, what it holds",
  },
  catalogue: {
    method: "GET",
    path: "/api/catalogue",
    query: z.strictObject({}),
    answer: catalogue,
    says: "what metrics and measures mean",
  },
  metrics: {
    method: "GET",
    path: "/api/metrics",
    query: z.strictObject({ run: place, names: several, after: whole.optional() }),
    answer: metricColumns,
    says: "a run's curves; `after` asks for later steps alone",
  },
  rollouts: {
    method: "GET",
    path: "/api/rollouts",
    query: z.strictObject({
      ...filter,
      order: z
        .enum(["newest", "oldest", "reward", "-reward", "advantage", "-advantage", "tokens", "-tokens"])
        .optional(),
      offset: whole.optional(),
      limit: whole.optional(),
    }),
    answer: rolloutPage,
    says: "rows of rollouts by filter; at most 1000 at once",
  },
  search: {
    method: "GET",
    path: "/api/search",
    query: z.strictObject({ ...filter, text: z.string().min(1).max(200), cursor: whole.optional() }),
    answer: searchPage,
    says: "rollouts that hold a text (upper and lower case alike), newest first, a piece at a time",
  },
  problems: {
    method: "GET",
    path: "/api/problems",
    query: z.strictObject({ run: place }),
    answer: problemTable,
    says: "problems of a run with their pass rates",
  },
  group: {
    method: "GET",
    path: "/api/group",
    query: z.strictObject({ run: place, step: whole, group: whole }),
    answer: groupDetail,
    says: "the rollouts of one prompt, whole",
  },
  links: {
    method: "GET",
    path: "/api/links",
    query: z.strictObject({ run: place, step: whole, group: whole, sample: whole }),
    answer: rolloutLinks,
    says: "of a failed program the alignment rollouts made from it; of an alignment rollout the programs it was made from",
  },
  problem: {
    method: "GET",
    path: "/api/problem",
    query: z.strictObject({ run: place, problem: z.string(), data: z.enum(["train", "evaluation"]).optional() }),
    answer: problemDetail,
    says: "a problem with its tests, from the data that the run learns from, or is evaluated on",
  },
  trace: {
    method: "POST",
    path: "/api/trace",
    query: traceRequest,
    answer: traceDetail,
    says: "a rollout's program traced again in the sandbox",
  },
  evaluation: {
    method: "GET",
    path: "/api/evaluation",
    query: z.strictObject({ run: place, benchmark: z.string() }),
    answer: evaluationTable,
    says: "a benchmark's measures at every step that was evaluated",
  },
  matrix: {
    method: "GET",
    path: "/api/matrix",
    query: z.strictObject({
      runs: several,
      benchmark: z.string(),
      measure: z.string().optional(),
      step: whole.optional(),
    }),
    answer: matrix,
    says: "runs against problems, each at its last evaluation or at the step named",
  },
  evaluatedProblem: {
    method: "GET",
    path: "/api/evaluated-problem",
    query: z.strictObject({ run: place, benchmark: z.string(), step: whole, problem: z.string() }),
    answer: evaluatedProblem,
    says: "what a run wrote for one problem of an evaluation",
  },
  comparison: {
    method: "GET",
    path: "/api/comparison",
    query: z.strictObject({ runs: several }),
    answer: comparison,
    says: "finished runs side by side with paired intervals",
  },
} as const satisfies Record<string, Endpoint>;

interface Endpoint {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly query: z.ZodType;
  readonly answer: z.ZodType;
  readonly says: string;
}

export type EndpointName = keyof typeof endpoints;
export type Question<N extends EndpointName> = z.input<(typeof endpoints)[N]["query"]>;
/** A question that fits: as a handler has it. */
export type Asked<N extends EndpointName> = z.output<(typeof endpoints)[N]["query"]>;
export type Answer<N extends EndpointName> = z.infer<(typeof endpoints)[N]["answer"]>;

/** Of an answer that is not 200: one message for people. */
export const failure = z.strictObject({ error: z.string() });
