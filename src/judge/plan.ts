// A problem's tests as the judge runs them: an assert that compares one call with a constant becomes a call test, and
// LeetCode's nodes get their tags. Read once per problem, with no program in the interpreter.

import { InfrastructureError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import type { Problem, Test } from "../problems/problem.js";
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
  const python = problem.language === "python";
  const toRead = problem.preamble !== "" || problem.tests.some((test) => test.kind === "assert");
  const { tests, skippedImports } =
    python && toRead ? await readAsserts(room, problem) : { tests: problem.tests, skippedImports: [] };
  return {
    tests: tests.map((test) => (test.kind === "call" && python ? tagNodes(test, problem.starterCode) : test)),
    skippedImports,
  };
}

async function readAsserts(room: Room, problem: Problem): Promise<Plan> {
  const codes = problem.tests.flatMap((test) => (test.kind === "assert" ? [test.code] : []));
  const { ending, reply } = await room.run({
    request: { op: "asserts", preamble: problem.preamble, codes },
    stdin: "",
    limits: problem.limits,
  });
  // A preamble that ends the interpreter does the same to every program: their verdicts say so.
  if (!reply && codes.length === 0) return { tests: problem.tests, skippedImports: [] };
  if (!reply) throw new InfrastructureError(`${problem.id}: its asserts could not be read (${ending.kind})`);
  const calls = reply.calls as ReadonlyArray<Omit<CallTest, "kind"> | null>;
  let next = 0;
  const tests = problem.tests.map((test) => {
    if (test.kind !== "assert") return test;
    const call = calls[next++] as { readonly [key: string]: Json } | null;
    return call ? ({ kind: "call", ...call } as unknown as CallTest) : test;
  });
  return { tests, skippedImports: [...new Set(reply.skipped as readonly string[])].sort() };
}
