// Our own endpoints for whoever has problems and programs at hand: a verdict, a trace. Records are those of the command
// line (schemas/problem.json, schemas/verdict.json, schemas/trace.json), values tagged, so that 2.0 stays 2.0.

import { z } from "zod";
import { completionSchema } from "../../problems/completion.js";
import { problemSchema } from "../../problems/problem.js";
import { traceSchema, verdictSchema } from "../../runs/schemas.js";

export const judgeRequest = z.strictObject({
  /** Problems that the items name and the service does not have. */
  problems: z.array(problemSchema).default([]),
  /** As the lines of `coderlplus judge --completions`. */
  items: z.array(completionSchema).min(1).max(10_000),
  mode: z.enum(["strict", "official"]).default("strict"),
});

/** In the items' order. */
export const judgeAnswer = z.strictObject({ verdicts: z.array(verdictSchema) });

export const traceAnswer = traceSchema;

export const traceRequest = z.strictObject({
  program: z.string(),
  language: z.enum(["python", "javascript"]).default("python"),
  stdin: z.string().default(""),
  /** An expression, evaluated after the module has run: `f([1, 2])`. */
  call: z.string().optional(),
});

export const health = z.strictObject({
  /** busy: works, and turns requests away for a while; broken: the sandbox runs no program; draining: stops soon. */
  status: z.enum(["ok", "busy", "broken", "draining"]),
  message: z.string(),
  version: z.string(),
  running: z.int(),
  waiting: z.int(),
  pool_size: z.int().nullable(),
});

export type JudgeRequest = z.output<typeof judgeRequest>;
export type TraceRequest = z.output<typeof traceRequest>;
export type HealthAnswer = z.output<typeof health>;
