// A problem's tests as the judge runs them: an assert that compares one call with a constant becomes a call test, and
// LeetCode's nodes get their tags. Read once per problem, with no program in the interpreter: only here is it certain
// that broken test code is the problem's fault.

import { InfrastructureError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import type { Problem, Test } from "../problems/problem.js";
import { parseProgram } from "../sandbox/javascript/syntax.js";
import type { Room } from "../sandbox/sandbox.js";
import { tagNodes } from "./node-arguments.js";

type CallTest = Extract<Test, { kind: "call" }>;

export interface Plan {
  readonly tests: readonly Test[];
  /** What the preamble imports and the interpreter does not have: passed over, for most programs never need it. */
  readonly skippedImports: readonly string[];
}

const plans = new WeakMap<Problem, Promise<Plan>>();

export function planTests(room: Room, problem: Problem): Promise<Plan> {
  let plan = plans.get(problem);
  if (!plan) {
    plan = makePlan(room, problem);
    plans.set(problem, plan);
    plan.catch(() => plans.delete(problem));
  }
  return plan;
}

async function makePlan(room: Room, problem: Problem): Promise<Plan> {
  if (problem.language === "javascript") {
    for (const [at, test] of problem.tests.entries()) refuseBroken(problem, at, javascriptFault(problem, test));
    return { tests: problem.tests, skippedImports: [] };
  }
  const toRead = problem.preamble !== "" || problem.tests.some((test) => "code" in test);
  const { tests, skippedImports } = toRead
    ? await readTestCode(room, problem)
    : { tests: problem.tests, skippedImports: [] };
  return {
    tests: tests.map((test) => (test.kind === "call" ? tagNodes(test, problem.starterCode) : test)),
    skippedImports,
  };
}

async function readTestCode(room: Room, problem: Problem): Promise<Plan> {
  const codes = problem.tests.flatMap((test) => ("code" in test ? [test.code] : []));
  const { ending, reply } = await room.run({
    request: { op: "asserts", preamble: problem.preamble, codes },
    stdin: "",
    limits: problem.limits,
  });
  // A preamble that ends the interpreter does the same to every program: their verdicts say so.
  if (!reply && codes.length === 0) return { tests: problem.tests, skippedImports: [] };
  if (!reply) throw new InfrastructureError(`${problem.id}: its test code could not be read (${ending.kind})`);
  const calls = reply.calls as ReadonlyArray<Omit<CallTest, "kind"> | null>;
  const faults = reply.faults as ReadonlyArray<string | null>;
  let next = 0;
  const tests = problem.tests.map((test, at) => {
    if (!("code" in test)) return test;
    refuseBroken(problem, at, faults[next] ?? nameless(problem, test));
    const call = calls[next++] as { readonly [key: string]: Json } | null;
    return call && test.kind === "assert" ? ({ kind: "call", ...call } as unknown as CallTest) : test;
  });
  return { tests, skippedImports: [...new Set(reply.skipped as readonly string[])].sort() };
}

/** A test that cannot run would fail every program, and they would be blamed for it. */
function refuseBroken(problem: Problem, at: number, fault: string | null): void {
  if (fault === null) return;
  throw new InfrastructureError(
    `${problem.id}: tests[${at}].code: ${fault}; correct the problem, no program is at fault`,
  );
}

function javascriptFault(problem: Problem, test: Test): string | null {
  if (!("code" in test)) return null;
  const parses = parseProgram(`async () => {${problem.preamble}\n${test.code}\n}`) !== null;
  return parses ? nameless(problem, test) : "does not parse as JavaScript";
}

function nameless({ preamble }: Problem, test: Test): string | null {
  if (test.kind !== "check" || /\bcheck\b/.test(preamble + test.code)) return null;
  return "defines no function check";
}
