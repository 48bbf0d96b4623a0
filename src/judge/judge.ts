// One program against a problem's tests: runs each in the sandbox and decides here, outside it, what came of it.
// What the program causes is data; only our own failure is thrown, and that becomes the verdict "infrastructure".

import { CancelledError, messageOf, OverloadError } from "../core/errors.js";
import { sha256 } from "../core/files.js";
import type { Problem, Test } from "../problems/problem.js";
import type { Execution, Job } from "../sandbox/job.js";
import { WORK_PER_MS } from "../sandbox/python/ports.js";
import type { Room, Sandbox } from "../sandbox/sandbox.js";
import type { Mode } from "./compare.js";
import { planTests } from "./plan.js";
import { isJob, jobOf, runTest, type Subject } from "./run-test.js";
import type { Judgement, TestOutcome, Verdict } from "./verdict.js";

export interface JudgeOptions {
  readonly mode?: Mode | undefined;
  /** Run the tests after the first failure too, as far as the problem's total limit lets them. */
  readonly allTests?: boolean | undefined;
  /** Aborted, it calls the judging off. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The verdict on one program. Fire as many as you like at once: the sandbox queues them.
 *
 * @param program  null where the completion holds none: unparsable
 * @throws CancelledError where `options.signal` is aborted
 * @throws OverloadError where the sandbox is told to let only so many wait
 */
export async function judge(
  sandbox: Sandbox,
  problem: Problem,
  program: string | null,
  options: JudgeOptions = {},
): Promise<Judgement> {
  if (program === null) return judgement(null, unparsable(problem, "no program in the completion"), []);
  for (let attempt = 1; ; attempt++) {
    try {
      const { language } = problem;
      return await sandbox.lease((room) => judgeIn(room, problem, program, options), {
        language,
        signal: options.signal,
      });
    } catch (error) {
      if (error instanceof CancelledError || error instanceof OverloadError) throw error;
      if (attempt < ATTEMPTS) continue;
      return judgement(program, { kind: "infrastructure", message: messageOf(error) }, []);
    }
  }
}

/** An interpreter that does not start is tried again: memory may have been short for a moment. */
const ATTEMPTS = 2;

async function judgeIn(room: Room, problem: Problem, program: string, options: JudgeOptions): Promise<Judgement> {
  const { tests, skippedImports } = await planTests(room, problem);
  const session = sha256(program);
  const outcomes: TestOutcome[] = [];
  let workLeft = (problem.limits.totalMs ?? Number.POSITIVE_INFINITY) * WORK_PER_MS;
  let weaker = false;
  let failed = false;
  let ahead: readonly Execution[] = [];
  for (const [at, test] of tests.entries()) {
    if ((failed && !options.allTests) || workLeft <= 0) {
      outcomes.push({ kind: "not-run" });
      continue;
    }
    const limits = { ...problem.limits, timeMs: Math.min(problem.limits.timeMs, workLeft / WORK_PER_MS) };
    const subject: Subject = { problem, program, session, mode: options.mode ?? "strict", limits };
    const result = await runTest(room, subject, test, async (job) => {
      const [known, ...more] = ahead;
      const next = known ? [] : nextJobs(subject, tests.slice(at + 1), at, options);
      const execution = known ?? (await room.run({ ...job, next }));
      ahead = known ? more : (execution.next ?? []);
      return execution;
    });
    if (result.kind === "unparsable") return judgement(program, unparsable(problem, result.message), outcomes, room);
    outcomes.push(result.outcome);
    workLeft -= result.work;
    weaker ||= result.weaker;
    failed ||= !isPass(result.outcome);
  }
  return {
    ...judgement(program, verdictOf(outcomes), outcomes, room),
    ...(weaker ? { protection: "weaker" } : {}),
    ...(skippedImports.length > 0 ? { skippedImports } : {}),
  };
}

/**
 * What may be run in the same go as a test. Most programs that fail do so at their first test, which is run alone; a limit
 * on all of them together is known from test to test.
 */
function nextJobs(subject: Subject, tests: readonly Test[], at: number, { allTests }: JudgeOptions): Job[] {
  if ((at === 0 && !allTests) || subject.problem.limits.totalMs !== undefined) return [];
  const end = tests.findIndex((test) => !isJob(test));
  return tests
    .slice(0, end < 0 ? MAX_NEXT : Math.min(end, MAX_NEXT))
    .filter(isJob)
    .map((test) => jobOf(subject, test));
}

/** Messages should not get long. */
const MAX_NEXT = 7;

function isPass(outcome: TestOutcome): boolean {
  return outcome.kind === "passed" || outcome.kind === "passed-within-tolerance";
}

function verdictOf(outcomes: readonly TestOutcome[]): Verdict {
  const passed = outcomes.filter(isPass).length;
  const total = outcomes.length;
  const first = outcomes.find((outcome) => !isPass(outcome));
  return first ? { kind: "failed", reason: first.kind, passed, total } : { kind: "passed", passed, total };
}

function unparsable(problem: Problem, message: string): Verdict {
  return { kind: "unparsable", message, passed: 0, total: problem.tests.length };
}

function judgement(program: string | null, verdict: Verdict, tests: readonly TestOutcome[], room?: Room): Judgement {
  const cpuMs = tests.reduce((total, test) => total + (test.kind === "not-run" ? 0 : test.cpuMs), 0);
  return {
    verdict,
    tests,
    programSha256: program === null ? null : sha256(program),
    engine: room?.engine ?? "none",
    cpuMs,
  };
}
