// One test of one program: the run, and what came of it.

import { sha256 } from "../core/files.js";
import { type Json, stringifyJson } from "../core/json.js";
import type { Limits, Problem, Test } from "../problems/problem.js";
import { type Ending, type Execution, fieldsOf, isExitCode, type Job, textIn } from "../sandbox/job.js";
import type { Room } from "../sandbox/sandbox.js";
import { compareStdout, compareValues, type Match, type Mode } from "./compare.js";
import type { TestOutcome } from "./verdict.js";

export interface Subject {
  readonly problem: Problem;
  readonly program: string;
  readonly session: string;
  readonly mode: Mode;
  /** The problem's, or what is left of them. */
  readonly limits: Limits;
}

export type TestResult =
  | { readonly kind: "outcome"; readonly outcome: TestOutcome; readonly weaker: boolean; readonly work: number }
  | { readonly kind: "unparsable"; readonly message: string };

type JobTest = Extract<Test, { kind: "stdio" | "call" }>;

/** Whether one job runs the test. */
export function isJob(test: Test): test is JobTest {
  return test.kind === "stdio" || test.kind === "call";
}

/** What runs a test. */
export function jobOf(subject: Subject, test: JobTest): Job {
  if (test.kind === "stdio") return runJob(subject, test.stdin);
  return runJob(subject, "", { function: test.function, arguments: test.arguments, keywords: test.keywords ?? {} });
}

/** @param run  answers the test's job, where it is one */
export async function runTest(
  room: Room,
  subject: Subject,
  test: Test,
  run: (job: Job) => Promise<Execution>,
): Promise<TestResult> {
  switch (test.kind) {
    case "stdio":
      return stdioResult(subject, test, await run(jobOf(subject, test)));
    case "call":
      return callResult(subject, test, await run(jobOf(subject, test)));
    case "assert":
      return runCheck(room, subject, test.code, null);
    case "check":
      return runCheck(room, subject, test.code, test.entryPoint);
    default:
      return test satisfies never;
  }
}

function stdioResult(subject: Subject, test: Extract<Test, { kind: "stdio" }>, ran: Execution): TestResult {
  const { problem, mode } = subject;
  const execution = mode === "official" ? withCaptured(ran, subject) : ran;
  if (!endedWell(execution.ending, mode)) return abnormal(execution);
  const match = execution.stdoutIsText
    ? compareStdout(execution.stdout, test.stdout, problem.comparison, mode)
    : "different";
  return result(matched(match, test.stdout, execution.stdout, execution.cpuMs), execution.work);
}

/** One run of the program. Where more tests follow, what they have in common is asked for apart. */
function runJob({ problem, program, session, limits, mode }: Subject, stdin: string, call?: object): Job {
  const { preamble, files } = problem;
  const source = { name: call ? "program" : "__main__", source: program, preamble };
  const job = { stdin, limits, session, files };
  if (mode === "official") return { ...job, request: { op: "official", ...source, call: call ?? null } };
  const request = { op: "run", ...source, call };
  if (problem.tests.length === 1) return { ...job, request };
  // The same program under other limits, or what is left of them, or beside other files is another.
  const under = { limits, files: files && sha256(stringifyJson(files)) };
  const prepare = { op: "prepare", ...source, execute: call !== undefined, under };
  return { ...job, request, staged: { prepare, resume: { op: "resume", call } } };
}

/** In official mode the output is what the program's stream in memory holds at the end. */
function withCaptured(execution: Execution, { limits }: Subject): Execution {
  const stdout = textIn(execution.reply?.captured);
  if (Buffer.byteLength(stdout) <= limits.outputBytes) return { ...execution, stdout, stdoutIsText: true };
  return { ...execution, ending: { kind: "output-limit", message: `more than ${limits.outputBytes} bytes of output` } };
}

/** The output decides after a normal end and after an exit with 0, which the published harness does not survive. */
function endedWell(ending: Ending, mode: Mode): boolean {
  if (mode === "official") return ending.kind === "finished";
  return ending.kind === "finished" || (ending.kind === "exited" && ending.exitCode === 0);
}

function callResult(
  { problem, mode }: Subject,
  test: Extract<Test, { kind: "call" }>,
  execution: Execution,
): TestResult {
  const { ending, reply, cpuMs, work } = execution;
  if (ending.kind !== "finished") return abnormal(execution);
  const got = reply?.returned;
  if (got === undefined) return result({ kind: "crashed", message: "no result came back", cpuMs }, work);
  // The published harness believes a result's own word on what it is equal to.
  const believed = mode === "official" && reply?.decides === true;
  const match = believed ? "equal" : compareValues(got, test.expected, problem.comparison, mode);
  return result(matched(match, test.expected, got, cpuMs), work);
}

/** Test code that judges for itself: on the far side of two interpreters, or beside the program where it must be. */
async function runCheck(room: Room, subject: Subject, code: string, entryPoint: string | null): Promise<TestResult> {
  const { problem, program, limits } = subject;
  const { preamble, prompt, files } = problem;
  const source = { name: "program", source: program, preamble };
  const common = { stdin: "", limits, files };
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
  const weaker = joined || execution.reply.weaker === true;
  return result(checkOutcome(execution.reply, code, execution.cpuMs), execution.work, weaker);
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

function abnormal({ ending, cpuMs, work }: Execution): TestResult {
  switch (ending.kind) {
    case "finished":
      return result({ kind: "crashed", message: "the program broke the channel to the host", cpuMs }, work);
    case "unparsable":
      return { kind: "unparsable", message: ending.message };
    case "raised":
      return result(raised(ending.error.type, ending.error.message, cpuMs), work);
    default:
      return result({ ...ending, cpuMs }, work);
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

function result(outcome: TestOutcome, work: number, weaker = false): TestResult {
  return { kind: "outcome", outcome, weaker, work };
}
