// The systematic mistakes of the warm-start corpus. Reinforcement at this scale repairs, it does not teach: the last
// part of the warm start shows operations confused with their neighbours, as scraped code has them, so that there is
// something to repair. Whoever describes the bundled model says so.

import type { Rng } from "../../core/rng.js";
import { type Constant, operationNamed } from "../../problems/family/operations.js";
import type { Step } from "../../problems/family/program.js";

/** How often a step is replaced by the one it is confused with. */
export interface DirtRates {
  /** For the operations in {@link OFTEN}. */
  readonly high: number;
  readonly low: number;
}

export const DIRTY: DirtRates = { high: 0.6, low: 0.12 };

/** What each operation is confused with; a second entry is the constant it then has. */
export const CONFUSED: Readonly<Record<string, readonly [string, number?]>> = {
  add: ["sub"],
  sub: ["add"],
  mul: ["add"],
  mod: ["div"],
  div: ["mod"],
  sq: ["mul", 2],
  neg: ["rsub", 9],
  rsub: ["sub"],
  even: ["odd"],
  odd: ["even"],
  gt: ["lt"],
  lt: ["gt"],
  nm3: ["even"],
  rev: ["sort"],
  sort: ["rev"],
  dropf: ["dropl"],
  dropl: ["dropf"],
  take: ["every"],
  every: ["take", 2],
  run: ["runmax"],
  runmax: ["run"],
  sum: ["max"],
  max: ["min"],
  min: ["max"],
  len: ["sum"],
  first: ["last"],
  last: ["first"],
  spread: ["max"],
  imul: ["iadd"],
  imod: ["iadd"],
};

export const OFTEN: ReadonlySet<string> = new Set(
  "sub mod sq rsub odd lt sort dropl every runmax max len last imul".split(" "),
);

/** The steps with confusions; operations outside the core are never confused. */
export function confuse(rng: Rng, steps: readonly Step[], rates: DirtRates): Step[] {
  return steps.map((step) => {
    const { name } = step.operation;
    if (!step.operation.core || rng.uniform() >= (OFTEN.has(name) ? rates.high : rates.low)) return step;
    if (name === "iadd") return { ...step, constant: Number(step.constant) + 1 };
    const [other, fixed] = CONFUSED[name];
    const operation = operationNamed(other);
    return { operation, constant: operation.constants.length > 0 ? (fixed ?? keptConstant(step.constant)) : undefined };
  });
}

function keptConstant(constant: Constant): Constant {
  return constant ?? 2;
}
