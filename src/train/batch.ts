// The mixed batch of one step: how many prompts of each task, and which.

import type { AlignmentExample } from "../alignment/example.js";
import type { AlignmentPool } from "../alignment/pool.js";
import { Rng } from "../core/rng.js";
import type { Problem } from "../problems/problem.js";
import type { Dialect } from "../prompts/dialect.js";
import type { Prompt } from "../rollouts/rollout.js";

export interface Shares {
  /** Prompts a step. */
  readonly prompts: number;
  /** 1 - alpha of the paper: the share of alignment prompts. */
  readonly alignmentShare: number;
}

/** floor(prompts * share) alignment prompts, or none while the pool cannot fill them (official rollout_batch_sampler.py). */
export function alignmentCount({ prompts, alignmentShare }: Shares, poolSize: number): number {
  const wanted = Math.floor(prompts * alignmentShare + 1e-9);
  return poolSize >= wanted ? wanted : 0;
}

/**
 * The step's prompts: code first, then alignment.
 *
 * @param cursor  code prompts taken so far in this run; problems come in seeded permutations, once an epoch each
 */
export function mixedBatch(
  problems: readonly Problem[],
  pool: AlignmentPool,
  shares: Shares,
  dialect: Dialect,
  position: { readonly seed: number; readonly step: number; readonly cursor: number },
): Prompt[] {
  const { seed, step, cursor } = position;
  const aligned = alignmentCount(shares, pool.size);
  const examples = pool.draw(aligned, step, Rng.of(seed, "pool", step));
  const order = problemOrder(problems.length, seed);
  const code = Array.from({ length: shares.prompts - aligned }, (_, i) => problems[order(cursor + i)]);
  return [...code.map((problem) => codePrompt(problem, dialect)), ...examples.map(alignmentPrompt)];
}

function codePrompt(problem: Problem, dialect: Dialect): Prompt {
  return { task: { kind: "code", problem }, text: dialect.code(problem) };
}

function alignmentPrompt(example: AlignmentExample): Prompt {
  return { task: { kind: "alignment", example }, text: example.prompt };
}

/** One seeded permutation of the problems after the other, so that each comes once an epoch. */
function problemOrder(count: number, seed: number): (cursor: number) => number {
  const epochs = new Map<number, number[]>();
  return (cursor) => {
    const epoch = Math.floor(cursor / count);
    const order =
      epochs.get(epoch) ?? Rng.of(seed, "epoch", epoch).shuffled(Array.from({ length: count }, (_, i) => i));
    epochs.set(epoch, order);
    return order[cursor % count];
  };
}
