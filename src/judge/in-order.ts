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
  const work = ({ problem, program }: Each): Promise<Judgement> => judge(sandbox, problem, program, options);
  for await (const [candidate, judgement] of inOrder(candidates, ahead, work)) yield { candidate, judgement };
}

/** Each item with what `work` makes of it, in the order of the items. @param ahead  how many may be under way */
export async function* inOrder<Each, Result>(
  items: AsyncIterable<Each> | Iterable<Each>,
  ahead: number,
  work: (item: Each) => Promise<Result>,
): AsyncGenerator<readonly [item: Each, result: Result]> {
  const underWay: Array<readonly [item: Each, result: Promise<Result>]> = [];
  const next = async (): Promise<readonly [Each, Result]> => {
    const [item, result] = underWay.shift() as (typeof underWay)[number];
    return [item, await result];
  };
  for await (const item of items) {
    const result = work(item);
    // All are called off at once, but only the first of them is still waited for.
    result.catch(() => {});
    underWay.push([item, result]);
    if (underWay.length >= ahead) yield await next();
  }
  while (underWay.length > 0) yield await next();
}
