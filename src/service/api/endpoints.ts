// Every endpoint with its schemas: what the service routes by, and what its published description is made of.

import type { z } from "zod";
import { judgeAnswer, judgeRequest, traceAnswer, traceRequest } from "./direct.js";
import { runCodeAnswer, runCodeRequest } from "./run-code.js";
import { nextAnswer, nextRequest, rolloutsAnswer, rolloutsRequest } from "./tasks.js";
import { openrlhfAnswer, openrlhfRequest, rewardAnswer, rewardRequest, slimeAnswer, slimeRequest } from "./trainers.js";

export interface Endpoint<Request extends z.ZodType = z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly request: Request;
  readonly answer: z.ZodType;
  /** Values of programs go through it: read and written so that 2.0 stays 2.0. */
  readonly tagged: boolean;
}

function endpoint<Request extends z.ZodType>(
  path: string,
  request: Request,
  answer: z.ZodType,
  summary: string,
  tagged = false,
): Endpoint<Request> {
  return { path, request, answer, summary, tagged };
}

export const endpoints = {
  runCode: endpoint("/run_code", runCodeRequest, runCodeAnswer, "Run a program, as SandboxFusion does."),
  judge: endpoint("/judge", judgeRequest, judgeAnswer, "Judge completions by their problems' tests.", true),
  trace: endpoint("/trace", traceRequest, traceAnswer, "The final value of every variable of a program.", true),
  reward: endpoint("/reward", rewardRequest, rewardAnswer, "The reward of one response, by its task's id."),
  slime: endpoint("/slime/rm", slimeRequest, slimeAnswer, "slime's remote reward model; the label is the task's id."),
  openrlhf: endpoint(
    "/openrlhf/get_reward",
    openrlhfRequest,
    openrlhfAnswer,
    "OpenRLHF's remote reward model; labels are tasks' ids.",
  ),
  next: endpoint("/tasks/next", nextRequest, nextAnswer, "What to train on next."),
  rollouts: endpoint("/rollouts", rolloutsRequest, rolloutsAnswer, "Report a batch: what failed becomes a task."),
} as const;
