// A pool of interpreter threads: leases one to a caller, watches it, replaces it when it hangs or wears out.
// Which programs run and what their output means is the caller's business (judge/, tracer/).

import { availableParallelism } from "node:os";
import { InfrastructureError } from "../core/errors.js";
import type { Place } from "./job.js";
import { findWheels } from "./python/packages.js";
import { type OpenRoom, type Room, type ShareImage, Slot, sharedImage } from "./slot.js";
import { openWall, type Wall, type WallMode } from "./wall/wall.js";

export type { Room } from "./slot.js";

export interface SandboxOptions {
  /** Interpreter threads, about 90 MB each; default: one a core, at most 2. */
  readonly workers?: number | undefined;
  /** A folder of wheels that programs may import: for the price of a slower start and restore; none by default. */
  readonly packages?: string | undefined;
  /** Whether the threads live in a process without network, files to write and programs to run. Default: off. */
  readonly wall?: WallMode | undefined;
}

/** Starts the pool. @throws InfrastructureError where no interpreter starts. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { workers = Math.min(2, availableParallelism()), packages } = options;
  if (packages !== undefined) findWheels(packages);
  const wall = await openWall(options.wall ?? "off");
  const sandbox = new Sandbox(workers, wall, packages);
  await sandbox.warm();
  return sandbox;
}

interface Pool {
  readonly place: Place;
  readonly size: number;
  readonly slots: OpenRoom[];
  readonly free: OpenRoom[];
  readonly waiting: Array<(slot: OpenRoom) => void>;
  readonly share: ShareImage;
}

export class Sandbox {
  readonly #workers: number;
  readonly #pools = new Map<string, Pool>();
  #closed = false;

  /** @param wall  where the threads live; null for this process */
  constructor(
    workers: number,
    private readonly wall: Wall | null = null,
    private readonly packages?: string,
  ) {
    this.#workers = Math.max(1, workers);
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
    const pool = this.#pool({ language: "python", world: "first", packages: this.packages, ...where });
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
    const slots = [...this.#pools.values()].flatMap((pool) => pool.slots);
    await Promise.all(slots.map((slot) => slot.close()));
    await this.wall?.close();
  }

  #pool(place: Place): Pool {
    const key = `${place.language} ${place.world}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const size = place.world === "first" ? this.#workers : 1;
      pool = { place, size, slots: [], free: [], waiting: [], share: sharedImage() };
      this.#pools.set(key, pool);
    }
    return pool;
  }

  #take(pool: Pool): Promise<OpenRoom> {
    const free = pool.free.pop();
    if (free) return Promise.resolve(free);
    if (pool.slots.length < pool.size) {
      const slot = this.wall?.room(pool.place) ?? new Slot(pool.place, pool.share);
      pool.slots.push(slot);
      return Promise.resolve(slot);
    }
    return new Promise((resolve) => pool.waiting.push(resolve));
  }
}
