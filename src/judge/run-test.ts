// One test of one program: the run, and what came of it.

import type { Json } from "../core/json.js";
import type { Problem, Test } from "../problems/problem.js";
import { type Ending, type Execution, fieldsOf, isExitCode, type Job, textIn } from "../sandbox/job.js";
import type { Room } from "../sandbox/sandbox.js";
import { compareStdout, compareValues, type Match, type Mode } from "./compare.js";
import type { TestOutcome } from "./verdict.js";

export interface Subject {
  readonly problem: Problem;
  readonly program: string;
  readonly session: string;
  readonly mode: Mode;
}

export type TestResult =
  | { readonly kind: "outcome"; readonly outcome: TestOutcome; readonly weaker: boolean }
  | { readonly kind: "unparsable"; readonly message: string };

export async function runTest(room: Room, subject: Subject, test: Test): Promise<TestResult> {
  switch (test.kind) {
    case "stdio":
      return runStdio(room, subject, test);
    case "call":
      return runCall(room, subject, test);
    case "assert":
      return runCheck(room, subject, test.code, null);
    case "check":
      return runCheck(room, subject, test.code, test.entryPoint);
    default:
      return test satisfies never;
  }
}

async function runStdio(room: Room, subject: Subject, test: Extract<Test, { kind: "stdio" }>): Promise<TestResult> {
  const { problem, mode } = subject;
  const execution = await room.run(runJob(subject, test.stdin));
  if (!endedWell(execution.ending)) return abnormal(execution);
  const match = execution.stdoutIsText
    ? compareStdout(execution.stdout, test.stdout, problem.comparison, mode)
    : "different";
  return result(matched(match, test.stdout, execution.stdout, execution.cpuMs));
}

/** One run of the program. Where more tests follow, what they have in common is asked for apart. */
function runJob({ problem, program, session }: Subject, stdin: string, call?: object): Job {
  const source = { name: call ? "program" : "__main__", source: program, preamble: problem.preamble };
  const job = { request: { op: "run", ...source, call }, stdin, limits: problem.limits, session };
  if (problem.tests.length === 1) return job;
  const staged = { prepare: { op: "prepare", ...source, execute: call !== undefined }, resume: { op: "resume", call } };
  return { ...job, staged };
}

/** The output decides after a normal end and after an exit with 0. */
function endedWell(ending: Ending): boolean {
  return ending.kind === "finished" || (ending.kind === "exited" && ending.exitCode === 0);
}

async function runCall(room: Room, subject: Subject, test: Extract<Test, { kind: "call" }>): Promise<TestResult> {
  const { problem, mode } = subject;
  const call = { function: test.function, arguments: test.arguments, keywords: test.keywords ?? {} };
  const execution = await room.run(runJob(subject, "", call));
  const got = execution.reply?.returned;
  if (execution.ending.kind !== "finished") return abnormal(execution);
  if (got === undefined) return result({ kind: "crashed", message: "no result came back", cpuMs: execution.cpuMs });
  return result(
    matched(compareValues(got, test.expected, problem.comparison, mode), test.expected, got, execution.cpuMs),
  );
}

/** Test code that judges for itself: on the far side of two interpreters, or beside the program where it must be. */
async function runCheck(room: Room, subject: Subject, code: string, entryPoint: string | null): Promise<TestResult> {
  const { problem, program } = subject;
  const { preamble, prompt } = problem;
  const source = { name: "program", source: program, preamble };
  const common = { stdin: "", limits: problem.limits };
  let execution = await room.run({
    ...common,
    request: { op: "check", code, entryPoint, prompt, preamble, source: program },
    peer: { op: "load", ...source },
  });
  const joined = execution.reply?.check === "uncrossable";
  if (joined) {
    execution = await room.run({ ...common, request: { op: "joined", code, entryPoint, prompt, ...source } });
  }
  if (execution.ending.kind !== "finished" || !execution.reply) return abnormal(execution);
  return result(checkOutcome(execution.reply, code, execution.cpuMs), joined || execution.reply.weaker === true);
}

function checkOutcome(reply: NonNullable<Execution["reply"]>, code: string, cpuMs: number): TestOutcome {
  const error = fieldsOf(reply.error);
  switch (reply.check) {
    case "passed":
      return { kind: "passed", cpuMs };
    case "raised":
      return raised(textIn(error.type), textIn(error.message), cpuMs);
    case "exited":
      if (isExitCode(reply.exitCode)) return { kind: "exited", exitCode: reply.exitCode, cpuMs };
      return { kind: "crashed", message: "the program broke the channel to the host", cpuMs };
    default:
      return { kind: "wrong-answer", expected: textIn(reply.line) || code, got: reply.last ?? null, cpuMs };
  }
}

function abnormal({ ending, cpuMs }: Execution): TestResult {
  switch (ending.kind) {
    case "finished":
      return result({ kind: "crashed", message: "the program broke the channel to the host", cpuMs });
    case "unparsable":
      return { kind: "unparsable", message: ending.message };
    case "raised":
      return result(raised(ending.error.type, ending.error.message, cpuMs));
    default:
      return result({ ...ending, cpuMs });
  }
}

function raised(error: string, message: string, cpuMs: number): TestOutcome {
  return { kind: "raised", error, message, cpuMs, ...(UNSUPPORTED.test(message) ? { reason: "unsupported" } : {}) };
}

/** What CPython says of threads, processes and waiting for them where there are none. */
const UNSUPPORTED =
  /^can't start (new|joinable) thread|does not support processes|Function not implemented$|^Cannot stack switch|^No module named '(_multiprocessing|_posixshmem|_posixsubprocess)'/;

function matched(match: Match, expected: Json, got: Json, cpuMs: number): TestOutcome {
  if (match === "equal") return { kind: "passed", cpuMs };
  if (match === "within-tolerance") return { kind: "passed-within-tolerance", cpuMs };
  return { kind: "wrong-answer", expected, got, cpuMs };
}

function result(outcome: TestOutcome, weaker = false): TestResult {
  return { kind: "outcome", outcome, weaker };
}
