// A pool of interpreter threads: leases one to a caller, watches it, replaces it when it hangs or wears out.
// Which programs run and what their output means is the caller's business (judge/, tracer/).

import { availableParallelism } from "node:os";
import { InfrastructureError } from "../core/errors.js";
import type { Image } from "./interpreter.js";
import type { World } from "./job.js";
import { Slot } from "./slot.js";

export interface SandboxOptions {
  /** Interpreter threads, about 90 MB each; default: one a core, at most 2. */
  readonly workers?: number | undefined;
}

/** What a caller holds while its programs run. */
export type Room = Pick<Slot, "run" | "ready">;

/** Starts the pool. @throws InfrastructureError where no interpreter starts. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = new Sandbox(options.workers ?? Math.min(2, availableParallelism()));
  await sandbox.warm();
  return sandbox;
}

interface Pool {
  readonly world: World;
  readonly size: number;
  readonly slots: Slot[];
  readonly free: Slot[];
  readonly waiting: Array<(slot: Slot) => void>;
  image: Promise<Image> | null;
}

export class Sandbox {
  readonly #pools: Readonly<Record<World, Pool>>;
  #closed = false;

  constructor(workers: number) {
    this.#pools = { first: emptyPool("first", Math.max(1, workers)), second: emptyPool("second", 1) };
  }

  /** Waits for the first interpreter; the others follow while it already works. */
  async warm(): Promise<void> {
    await this.lease((slot) => slot.ready());
  }

  /**
   * Gives `use` an interpreter of its own for as long as it runs. First come, first served.
   *
   * @param world  which of the two worlds; the second is there to find out what depends on it
   */
  async lease<T>(use: (room: Room) => Promise<T>, world: World = "first"): Promise<T> {
    if (this.#closed) throw new InfrastructureError("the sandbox is closed");
    const pool = this.#pools[world];
    const slot = await this.#take(pool);
    try {
      return await use(slot);
    } finally {
      const next = pool.waiting.shift();
      if (next) next(slot);
      else pool.free.push(slot);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(Object.values(this.#pools).flatMap((pool) => pool.slots.map((slot) => slot.close())));
  }

  #take(pool: Pool): Promise<Slot> {
    const free = pool.free.pop();
    if (free) return Promise.resolve(free);
    if (pool.slots.length < pool.size) {
      const slot = new Slot(pool.world, (start) => shareImage(pool, start));
      pool.slots.push(slot);
      return Promise.resolve(slot);
    }
    return new Promise((resolve) => pool.waiting.push(resolve));
  }
}

function emptyPool(world: World, size: number): Pool {
  return { world, size, slots: [], free: [], waiting: [], image: null };
}

/** The first slot to start makes the image; the others wait for it. A failed attempt is not remembered. */
async function shareImage(pool: Pool, make: () => Promise<Image>): Promise<Image> {
  pool.image ??= make();
  try {
    return await pool.image;
  } catch (error) {
    pool.image = null;
    throw error;
  }
}
