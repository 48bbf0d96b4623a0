// The rollouts of the runs that are looked at: opened when asked for, closed when others have been since. What they answer
// is rollouts/.

import { statSync } from "node:fs";
import { join } from "node:path";
import { openRollouts, type Rollouts } from "./rollouts/answers.js";

/** Each holds an index in memory. */
const MAXIMUM_OPEN = 8;

interface Open {
  readonly rollouts: Rollouts;
  readonly state: string;
  using: number;
}

export class OpenRollouts {
  readonly #open = new Map<string, Open>();

  async use<T>(path: string, ask: (rollouts: Rollouts) => Promise<T>): Promise<T> {
    const open = this.#opened(path);
    open.using++;
    try {
      return await ask(open.rollouts);
    } finally {
      open.using--;
      await this.#closeOld(path, open);
    }
  }

  async close(): Promise<void> {
    const all = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(all.map(({ rollouts }) => rollouts.close()));
  }

  #opened(path: string): Open {
    const state = stateOf(path);
    const before = this.#open.get(path);
    const open = before?.state === state ? before : { rollouts: openRollouts(path), state, using: 0 };
    // The newest at the end.
    this.#open.delete(path);
    this.#open.set(path, open);
    return open;
  }

  /** Those that nobody asks any more: beyond the newest, and one that another has taken the place of. */
  async #closeOld(path: string, used: Open): Promise<void> {
    const old = [...this.#open].slice(0, -MAXIMUM_OPEN).filter(([, { using }]) => using === 0);
    for (const [other] of old) this.#open.delete(other);
    const replaced = used.using === 0 && this.#open.get(path) !== used && !old.some(([, open]) => open === used);
    await Promise.all(
      [...old.map(([, open]) => open), ...(replaced ? [used] : [])].map((open) => open.rollouts.close()),
    );
  }
}

/** Another folder under the same name is another run; a resume may have changed the config. */
function stateOf(path: string): string {
  const config = statSync(join(path, "config.yaml"), { throwIfNoEntry: false });
  return `${statSync(path, { throwIfNoEntry: false })?.ino} ${config?.mtimeMs} ${config?.size}`;
}
