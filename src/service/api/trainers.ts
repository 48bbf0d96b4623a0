// How trainers ask for a reward: slime's remote_rm, OpenRLHF's remote reward model, and our own `POST /reward`, which a shim
// for any other calls. The label of a task is its id: by it a completion is judged as code or graded as an answer.

import { z } from "zod";

const messages = z.array(z.looseObject({ role: z.string(), content: z.unknown() }));

/** slime, `--rm-type remote_rm` (slime/rollout/rm_hub): the answer's body is the reward itself. */
export const slimeRequest = z.looseObject({
  prompt: z.union([z.string(), messages]).nullable().default(null),
  response: z.string(),
  label: z.string(),
});
export const slimeAnswer = z.number();

/** It sends one at a time. */
const MOST_QUERIES = 10_000;

/** OpenRLHF, `--reward.remote_url` (openrlhf/utils/agent.py): prompt and response in one text. */
export const openrlhfRequest = z.looseObject({
  query: z.array(z.string()).max(MOST_QUERIES),
  prompts: z.array(z.string()).max(MOST_QUERIES),
  labels: z.array(z.string()).max(MOST_QUERIES),
});
export const openrlhfAnswer = z.strictObject({
  rewards: z.array(z.number()),
  scores: z.array(z.number()),
  extra_logs: z.record(z.string(), z.array(z.number())),
});

export const rewardRequest = z.strictObject({
  task_id: z.string(),
  response: z.string(),
  /** What the trainer has sent the model, where it wants that written down; not needed for the reward. */
  prompt: z.union([z.string(), messages]).optional(),
});

export const rewardAnswer = z.strictObject({
  task_id: z.string(),
  kind: z.enum(["code", "alignment"]),
  /** Null where the judge failed: leave the rollout out. */
  score: z.number().nullable(),
  /** The verdict's kind, or `graded`. */
  status: z.enum(["passed", "failed", "unparsable", "infrastructure", "graded"]),
  /** Numbers for a trainer's log: passed, total, variablesRight, variablesAsked, outputRight. */
  parts: z.record(z.string(), z.number()),
});

export type RewardRequest = z.output<typeof rewardRequest>;
export type RewardAnswer = z.output<typeof rewardAnswer>;
