// Where dynamic sampling gives up, nothing has changed since the last update but what was drawn from the pool: a run that
// ends with it keeps every step it has made. Why it gives up is refill.ts's business.

import { SamplingError } from "../core/errors.js";
import type { Sampled } from "./roll-out.js";
import type { Session } from "./session.js";

/**
 * @param ahead  what is sampled already of the step that is about to be made
 * @throws what `sample` throws; where that is a SamplingError, after a checkpoint of the state before
 */
export async function orCheckpoint<T>(session: Session, ahead: Sampled | null, sample: () => Promise<T>): Promise<T> {
  const { drawn } = session.pool;
  try {
    return await sample();
  } catch (error) {
    if (error instanceof SamplingError) {
      session.pool.restoreDrawn(drawn);
      await session.checkpoint(ahead);
    }
    throw error;
  }
}
