// The mixed batch of one step: how many prompts of each task, and which.

import type { AlignmentExample } from "../alignment/example.js";
import type { AlignmentPool } from "../alignment/pool.js";
import { shareAt } from "../alignment/share.js";
import { itemAt } from "../core/epochs.js";
import { Rng } from "../core/rng.js";
import type { Problems } from "../problems/problem-set.js";
import type { Dialect } from "../prompts/dialect.js";
import type { Prompt } from "../rollouts/rollout.js";
import type { Config } from "./config/schema.js";

/** floor(prompts * share) alignment prompts, or none while the pool cannot fill them (official rollout_batch_sampler.py). */
export function alignmentCount(prompts: number, share: number, poolSize: number): number {
  const wanted = Math.floor(prompts * share + 1e-9);
  return poolSize >= wanted ? wanted : 0;
}

/**
 * The step's prompts: code first, then alignment; code only while the run collects or the pool cannot fill the share.
 *
 * @param position.cursor  code prompts taken so far in this run; problems come in seeded permutations, once an epoch each
 */
export function mixedBatch(
  problems: Problems,
  pool: AlignmentPool,
  { seed, rollouts, alignment }: Config,
  dialect: Dialect,
  { step, cursor }: { readonly step: number; readonly cursor: number },
): Prompt[] {
  const share = step <= alignment.collectSteps ? 0 : shareAt(step, alignment);
  const aligned = alignmentCount(rollouts.prompts, share, pool.size);
  return [
    ...codePrompts(problems, dialect, seed, cursor, rollouts.prompts - aligned),
    ...alignmentPrompts(pool.draw(aligned, step, Rng.of(seed, "pool", step))),
  ];
}

/** The next problems from a place on: seeded permutations of all, one after the other, so that each comes once an epoch. */
export function codePrompts(
  problems: Problems,
  dialect: Dialect,
  seed: number,
  cursor: number,
  count: number,
): Prompt[] {
  return Array.from({ length: count }, (_, i) => {
    const problem = problems.read(itemAt(cursor + i, problems.size, seed, "epoch"));
    return { task: { kind: "code", problem }, text: dialect.code(problem) };
  });
}

export function alignmentPrompts(examples: readonly AlignmentExample[]): Prompt[] {
  return examples.map((example) => ({ task: { kind: "alignment", example }, text: example.prompt }));
}

/** Whether the step's rollouts are only recycled: in the collecting phase, and on code where alignment alone is learnt. */
export function isCollecting(prompts: readonly Prompt[], { alignment }: Config, step: number): boolean {
  return step <= alignment.collectSteps || (shareAt(step, alignment) === 1 && prompts.every(isCode));
}

/** Before the first step, after the last, and every so often where the config says so. */
export function isEvaluationDue(step: number, { train, evaluation }: Config): boolean {
  return step === 0 || step === train.steps || (evaluation.every !== null && step % evaluation.every === 0);
}

export function nextCursor(cursor: number, prompts: readonly Prompt[]): number {
  return cursor + prompts.filter(isCode).length;
}

function isCode({ task }: Prompt): boolean {
  return task.kind === "code";
}
