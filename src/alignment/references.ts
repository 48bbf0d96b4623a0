// Alignment examples from the problems' own reference programs: fresh, correct, and there before any rollout. What is
// made of a program is recycle.ts's business. Against recycled failures they tell what comes from the data and what from
// the order of training.

import { itemAt } from "../core/epochs.js";
import { Rng } from "../core/rng.js";
import { inputOf } from "../problems/examples.js";
import type { Problem } from "../problems/problem.js";
import type { Problems } from "../problems/problem-set.js";
import type { BuildTools } from "./build.js";
import type { AlignmentExample, Funnel } from "./example.js";
import type { AlignmentPool } from "./pool.js";
import { type Candidate, emptyFunnel, type RecycleOptions, recycle, sumOf } from "./recycle.js";

/** Where a pass over the references is. */
export interface ReferencePlace {
  readonly step: number;
  /** References taken so far in this run. */
  readonly taken: number;
  readonly seed: number;
}

/**
 * At least `count` new examples, or as many as one epoch of references gives.
 *
 * References come in a seeded permutation, another one each epoch, and each epoch runs them on the next of their tests'
 * inputs: a program comes back on an input that was not asked yet, until there is none.
 *
 * @returns the examples, what became of every reference that was looked at, and how many are taken now
 */
export async function fromReferences(
  known: Problems,
  count: number,
  options: RecycleOptions,
  pool: AlignmentPool,
  tools: BuildTools,
  { step, taken, seed }: ReferencePlace,
): Promise<{ readonly examples: AlignmentExample[]; readonly funnel: Funnel; readonly taken: number }> {
  const examples: AlignmentExample[] = [];
  let funnel = emptyFunnel();
  let next = taken;
  while (examples.length < count && next - taken < known.size) {
    const missing = Math.min(count - examples.length, known.size - (next - taken));
    const candidates = Array.from({ length: missing }, (_, i) => candidateAt(known, next + i, seed));
    const unlimited = { ...options, maximumPerStep: null };
    const made = await recycle(candidates, unlimited, pool, tools, step, seed, next - taken);
    examples.push(...made.examples);
    funnel = sumOf(funnel, made.funnel);
    next += missing;
  }
  return { examples, funnel, taken: next };
}

/** Whether a problem has a reference program and a test with an input. */
export function hasReference({ reference, tests }: Problem): boolean {
  return reference !== undefined && tests.some((test) => inputOf(test));
}

function candidateAt(problems: Problems, cursor: number, seed: number): Candidate {
  const epoch = Math.floor(cursor / problems.size);
  const problem = problems.read(itemAt(cursor, problems.size, seed, "references"));
  const inputs = problem.tests.map(inputOf).filter((input) => input !== undefined);
  const first = Rng.of(seed, "reference input", problem.id).integer(0, inputs.length - 1);
  const input = inputs[(first + epoch) % inputs.length];
  return { problem, program: problem.reference ?? null, judgement: null, input };
}
