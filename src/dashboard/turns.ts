// Heavy work one after the other, and no more of it waiting than a reader can want.

import { OverloadError } from "../core/errors.js";

export class Turns {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** @param what  that is asked for, in the plural, for people */
  constructor(
    private readonly what: string,
    private readonly maximum: number,
  ) {}

  /** @throws OverloadError where as many wait already as may */
  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= this.maximum) {
      throw new OverloadError(`${this.maximum} ${this.what} are waiting already; try again in a minute`);
    }
    this.#waiting++;
    const turn = this.#last.then(work).finally(() => this.#waiting--);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
