// A run whose engine is lost: the server answers, but no longer has the model. What was done since the newest checkpoint is
// cut back as after a kill, and made again.

import { EngineLostError, messageOf } from "../core/errors.js";
import type { RunDirectory } from "../runs/run-directory.js";

/** Of losses with no new checkpoint between them: a server that comes to this will not get further. */
const MOST_LOSSES = 3;

/**
 * @param attempt  the run from its newest checkpoint, or from its start; `again` once its engine has been lost
 * @throws EngineLostError with the third loss at the same place; whatever else `attempt` throws
 */
export async function throughLosses<Result>(
  run: RunDirectory,
  onNotice: (message: string) => void,
  attempt: (again: boolean) => Promise<Result>,
): Promise<Result> {
  let last: number | undefined;
  for (let losses = 0; ; ) {
    try {
      return await attempt(losses > 0);
    } catch (error) {
      if (!(error instanceof EngineLostError)) throw error;
      const newest = run.checkpointSteps().at(-1);
      losses = losses > 0 && newest === last ? losses + 1 : 1;
      last = newest;
      if (losses >= MOST_LOSSES) {
        const message = `${messageOf(error)}; it was lost ${losses} times without a new checkpoint between`;
        throw new EngineLostError(message, { cause: error });
      }
      onNotice(`${messageOf(error)}; going on ${newest === undefined ? "from the start" : `from step ${newest}`}`);
    }
  }
}
