// The order of one model's training calls. A call is submitted when the one before it has been acknowledged, not when its
// result is there: servers execute in the order of the numbers, or of arrival, and both are then the order of the calls.

import { TinkerError, TinkerLostError } from "./errors.js";

export class CallOrder {
  #next = 1;
  #last: Promise<unknown> = Promise.resolve();
  #broken: Error | null = null;

  /**
   * @param post  submits with numbers from `first` on, and says how many were acknowledged with what
   * @returns what `post` returns, when everything that was called before is submitted
   * @throws what `post` throws, and what an earlier call threw where the order is broken by it
   */
  submit<Value>(numbers: number, post: (first: number) => Promise<Value>): Promise<Value> {
    const turn = this.#last.then(async () => {
      if (this.#broken) throw this.#broken;
      try {
        const value = await post(this.#next);
        this.#next += numbers;
        return value;
      } catch (error) {
        // A single request that was refused has taken no number: the next call has it. Of anything else nobody knows
        // what the server has counted.
        const untouched = numbers === 1 && error instanceof TinkerError && isRefusal(error);
        if (!untouched) this.#broken = brokenBy(error);
        throw error;
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function isRefusal({ kind }: TinkerError): boolean {
  return kind === "refused" || kind === "missing" || kind === "key" || kind === "conflict" || kind === "billing";
}

function brokenBy(error: unknown): Error {
  if (error instanceof TinkerLostError) return error;
  const why = error instanceof Error ? error.message : String(error);
  const words = error instanceof TinkerError ? error : { status: null, says: "", requestId: null };
  return new TinkerLostError(
    `an earlier call of this model may have been taken or not, so no other can follow it (${why}); ` +
      "load what was saved into a new model",
    words,
  );
}
