// A problem's tests as the judge runs them: an assert that compares one call with a constant becomes a call test.

import { InfrastructureError } from "../core/errors.js";
import type { Json } from "../core/json.js";
import type { Problem, Test } from "../problems/problem.js";
import type { Room } from "../sandbox/sandbox.js";

type CallTest = Extract<Test, { kind: "call" }>;

const plans = new WeakMap<Problem, Promise<readonly Test[]>>();

/** Reads the asserts once per problem. Trusted code only: no program is in the interpreter meanwhile. */
export function planTests(room: Room, problem: Problem): Promise<readonly Test[]> {
  if (!problem.tests.some((test) => test.kind === "assert")) return Promise.resolve(problem.tests);
  let plan = plans.get(problem);
  if (!plan) {
    plan = readAsserts(room, problem);
    plans.set(problem, plan);
    plan.catch(() => plans.delete(problem));
  }
  return plan;
}

async function readAsserts(room: Room, problem: Problem): Promise<readonly Test[]> {
  const codes = problem.tests.flatMap((test) => (test.kind === "assert" ? [test.code] : []));
  const { ending, reply } = await room.run({
    request: { op: "asserts", preamble: problem.preamble, codes },
    stdin: "",
    limits: problem.limits,
  });
  if (!reply) throw new InfrastructureError(`${problem.id}: its asserts could not be read (${ending.kind})`);
  const calls = reply.calls as ReadonlyArray<Omit<CallTest, "kind"> | null>;
  let next = 0;
  return problem.tests.map((test) => {
    if (test.kind !== "assert") return test;
    const call = calls[next++] as { readonly [key: string]: Json } | null;
    return call ? ({ kind: "call", ...call } as unknown as CallTest) : test;
  });
}
