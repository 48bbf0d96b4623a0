// A pool of interpreter threads: leases one to a caller, watches it, replaces it when it hangs or wears out.
// Which programs run and what their output means is the caller's business (judge/, tracer/).

import { availableParallelism } from "node:os";
import { InfrastructureError } from "../core/errors.js";
import type { Place } from "./job.js";
import type { EngineChoice } from "./native/choice.js";
import { NativeEngine } from "./native/native.js";
import type { Image } from "./python/interpreter.js";
import { type Room, Slot } from "./slot.js";

export type { Room } from "./slot.js";

export interface SandboxOptions {
  /** Interpreter threads, about 90 MB each; default: one a core, at most 2. */
  readonly workers?: number | undefined;
  /** What runs Python; default: wasm. `auto`: heavy programs natively, where that is proved to be safe. */
  readonly engine?: EngineChoice | undefined;
  /** Told once where `auto` finds no native engine. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** Starts the pool. @throws InfrastructureError where no interpreter starts, or the engine is not to be had. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const native = await NativeEngine.open(options.engine ?? "wasm", options.onNotice ?? (() => {}));
  const sandbox = new Sandbox(options.workers ?? Math.min(2, availableParallelism()), native);
  await sandbox.warm();
  return sandbox;
}

interface Pool {
  readonly place: Place;
  readonly size: number;
  readonly slots: Slot[];
  readonly free: Slot[];
  readonly waiting: Array<(slot: Slot) => void>;
  image: Promise<Image | null> | null;
}

export class Sandbox {
  readonly #workers: number;
  readonly #native: NativeEngine | null;
  readonly #pools = new Map<string, Pool>();
  #closed = false;

  constructor(workers: number, native: NativeEngine | null) {
    this.#workers = Math.max(1, workers);
    this.#native = native;
  }

  /** Waits for the first interpreter; the others follow while it already works. */
  async warm(): Promise<void> {
    await this.lease((slot) => slot.ready());
  }

  /**
   * Gives `use` an interpreter of its own for as long as it runs. First come, first served.
   *
   * @param where  Python in the first world unless told otherwise; the second is there to find out what depends on it
   */
  async lease<T>(use: (room: Room) => Promise<T>, where: Partial<Place> = {}): Promise<T> {
    if (this.#closed) throw new InfrastructureError("the sandbox is closed");
    const pool = this.#pool({ language: "python", world: "first", ...where });
    const slot = await this.#take(pool);
    try {
      const runsNatively = pool.place.language === "python" && pool.place.world === "first";
      return await use(this.#native && runsNatively ? this.#native.beside(slot) : slot);
    } finally {
      const next = pool.waiting.shift();
      if (next) next(slot);
      else pool.free.push(slot);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const slots = [...this.#pools.values()].flatMap((pool) => pool.slots);
    await Promise.all([...slots.map((slot) => slot.close()), this.#native?.close()]);
  }

  #pool(place: Place): Pool {
    const key = `${place.language} ${place.world}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const size = place.world === "first" ? this.#workers : 1;
      pool = { place, size, slots: [], free: [], waiting: [], image: null };
      this.#pools.set(key, pool);
    }
    return pool;
  }

  #take(pool: Pool): Promise<Slot> {
    const free = pool.free.pop();
    if (free) return Promise.resolve(free);
    if (pool.slots.length < pool.size) {
      const slot = new Slot(pool.place, (start) => shareImage(pool, start));
      pool.slots.push(slot);
      return Promise.resolve(slot);
    }
    return new Promise((resolve) => pool.waiting.push(resolve));
  }
}

/** The first slot to start makes the image; the others wait for it. A failed attempt is not remembered. */
async function shareImage(pool: Pool, make: () => Promise<Image | null>): Promise<Image | null> {
  pool.image ??= make();
  try {
    return await pool.image;
  } catch (error) {
    pool.image = null;
    throw error;
  }
}
