// The alignment queue: which tasks a trainer trains on next, and what it reports of its rollouts, so that failed programs
// become tasks. One service is one pool; its steps are the trainer's.

import { z } from "zod";

const count = z.int().nonnegative();
/** More than any trainer takes: what follows the largest is still a number. */
const step = count.max(1_000_000_000);

export const nextRequest = z.strictObject({
  n: count.min(1).max(10_000),
  /**
   * Alignment tasks at most, of the step's tasks; the config's share by default. Requests too small for one of their own
   * get one when their shares come to one.
   */
  max_align_fraction: z.number().min(0).max(1).optional(),
  /** The trainer's step; by default the newest that was reported, and one. */
  step: step.optional(),
});

const task = z.strictObject({
  task_id: z.string(),
  kind: z.enum(["code", "alignment"]),
  /** As the config's dialect speaks to a model: text for a base model, messages for a chat template. */
  prompt: z.string(),
  messages: z.array(z.strictObject({ role: z.string(), content: z.string() })),
  /** What to hand to the reward: the task's id. */
  label: z.string(),
});

export const nextAnswer = z.strictObject({
  tasks: z.array(task),
  /** The step that they are for; what becomes of them is reported with it. */
  step: count,
  pool_size: count,
});

export const rolloutsRequest = z.strictObject({
  /** For the log alone. */
  trainer: z.string().max(100).optional(),
  step,
  items: z
    .array(
      z.strictObject({
        task_id: z.string(),
        response: z.string(),
        /** As the trainer had it; the service judges for itself. */
        reward: z.number().nullable().optional(),
      }),
    )
    .max(100_000),
});

export const rolloutsAnswer = z.strictObject({
  /** Code rollouts looked at, and what became of them. */
  candidates: count,
  kept: count,
  dropped: z.record(z.string(), count),
  pool_size: count,
});

export type NextRequest = z.output<typeof nextRequest>;
export type NextAnswer = z.output<typeof nextAnswer>;
export type Task = z.output<typeof task>;
export type RolloutsRequest = z.output<typeof rolloutsRequest>;
export type RolloutsAnswer = z.output<typeof rolloutsAnswer>;
