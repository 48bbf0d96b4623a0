// Any number of candidates, judged some at a time and handed on in the order they came: no more of them are held than
// are under way, however many there are.

import type { Problem } from "../problems/problem.js";
import type { Sandbox } from "../sandbox/sandbox.js";
import { type JudgeOptions, judge } from "./judge.js";
import type { Judgement } from "./verdict.js";

interface Candidate {
  readonly problem: Problem;
  readonly program: string | null;
}

/** @param ahead  how many may be under way; those that are done wait for the slowest in front of them */
export async function* judgeInOrder<Each extends Candidate>(
  sandbox: Sandbox,
  candidates: AsyncIterable<Each> | Iterable<Each>,
  { ahead, ...options }: JudgeOptions & { readonly ahead: number },
): AsyncGenerator<{ readonly candidate: Each; readonly judgement: Judgement }> {
  const underWay: Array<readonly [candidate: Each, judgement: Promise<Judgement>]> = [];
  const next = async (): Promise<{ candidate: Each; judgement: Judgement }> => {
    const [candidate, judgement] = underWay.shift() as (typeof underWay)[number];
    return { candidate, judgement: await judgement };
  };
  for await (const candidate of candidates) {
    const judgement = judge(sandbox, candidate.problem, candidate.program, options);
    // All are called off at once, but only the first of them is still waited for.
    judgement.catch(() => {});
    underWay.push([candidate, judgement]);
    if (underWay.length >= ahead) yield await next();
  }
  while (underWay.length > 0) yield await next();
}
