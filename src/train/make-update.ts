// One update: a gradient and the optimiser's step on it, both asked for before either is awaited, so that an engine
// elsewhere has the step at hand when it is done with the gradient. What is learnt from is not decided here.

import type { Datum, Engine, Loss, LossOutput, OptimStep } from "../engines/engine.js";
import type { Config } from "./config/schema.js";
import { checkGradient, checkLoss } from "./guards.js";

export interface Update {
  readonly output: LossOutput;
  /** Before clipping; null where the engine does not tell. */
  readonly gradientNorm: number | null;
}

/**
 * Both calls are made before this returns; the next update may be made before this one is awaited.
 *
 * @throws DivergenceError, or the engine's EngineError: the first of them; the weights may have changed by then and are
 *   not to be kept
 */
export async function makeUpdate(
  engine: Engine,
  datums: readonly Datum[],
  loss: Loss,
  { step, optimizer, guards }: { step: number; optimizer: OptimStep; guards: Config["guards"] },
): Promise<Update> {
  const gradient = engine.forwardBackward(datums, loss);
  const taken = engine.optimStep(optimizer);
  // Where the gradient fails first, nobody waits for the step.
  taken.catch(() => {});
  const output = await gradient;
  checkLoss(step, output);
  const { gradientNorm } = await taken;
  checkGradient(step, gradientNorm, guards);
  return { output, gradientNorm };
}
