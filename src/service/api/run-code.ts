// `POST /run_code` as SandboxFusion has it (sandbox/server/sandbox_api.py, sandbox/runners/types.py): what verl, TRL's
// recipes and tinker-cookbook send, so that their address is all that changes. Unknown fields are ignored, as there.

import { z } from "zod";

/** Every language that the original knows; those that run here are `python` and `nodejs`. */
const languages = [
  "python",
  "cpp",
  "nodejs",
  "go",
  "go_test",
  "java",
  "php",
  "csharp",
  "bash",
  "typescript",
  "sql",
  "rust",
  "cuda",
  "lua",
  "R",
  "perl",
  "D_ut",
  "ruby",
  "scala",
  "julia",
  "pytest",
  "junit",
  "kotlin_script",
  "jest",
  "verilog",
  "python_gpu",
  "lean",
  "swift",
  "racket",
] as const;

/** As there: no time at all is a time limit too. */
const seconds = z.number();

export const runCodeRequest = z.object({
  /** Nothing is compiled here. Who names it asks again after about so long (verl): its program waits no longer for its turn. */
  compile_timeout: seconds.optional(),
  run_timeout: seconds.default(10),
  /** -1: the service's own limit. */
  memory_limit_MB: z.number().int().default(-1),
  code: z.string(),
  stdin: z.string().nullable().default(null),
  language: z.enum(languages),
  /** Base64 by relative path. */
  files: z.record(z.string(), z.string().nullable()).default({}),
  fetch_files: z.array(z.string()).default([]),
});

const commandResult = z.object({
  status: z.enum(["Finished", "Error", "TimeLimitExceeded"]),
  execution_time: z.number().nullable(),
  return_code: z.number().int().nullable(),
  stdout: z.string().nullable(),
  stderr: z.string().nullable(),
});

export const runCodeAnswer = z.object({
  status: z.enum(["Success", "Failed", "SandboxError"]),
  message: z.string(),
  compile_result: commandResult.nullable(),
  run_result: commandResult.nullable(),
  executor_pod_name: z.string().nullable(),
  files: z.record(z.string(), z.string()),
});

export type RunCodeRequest = z.output<typeof runCodeRequest>;
export type RunCodeAnswer = z.output<typeof runCodeAnswer>;
