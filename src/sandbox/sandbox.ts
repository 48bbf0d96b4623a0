// A pool of interpreter threads: leases one to a caller, watches it, replaces it when it hangs or wears out.
// Which programs run and what their output means is the caller's business (judge/, tracer/).

import { availableParallelism } from "node:os";
import { CancelledError, ConfigError, InfrastructureError, OverloadError } from "../core/errors.js";
import type { Place } from "./job.js";
import { LeasedRoom } from "./lease.js";
import type { EngineChoice } from "./native/choice.js";
import { NativeEngine } from "./native/native.js";
import { findWheels } from "./python/packages.js";
import { type OpenRoom, type Room, Slot } from "./slot.js";
import { Threads } from "./threads.js";
import { openWall, type Wall, type WallMode } from "./wall/wall.js";

export type { Room } from "./slot.js";

export interface SandboxOptions {
  /** Interpreter threads, about 90 MB each; default: one a core. */
  readonly workers?: number | undefined;
  /** What runs Python; default: wasm. `auto`: heavy programs natively, where that is proved to be safe. */
  readonly engine?: EngineChoice | undefined;
  /** Told once where `auto` finds no native engine. */
  readonly onNotice?: ((text: string) => void) | undefined;
  /** Leases that may wait; beyond them a lease is refused at once. Default: any number. */
  readonly maximumWaiting?: number | undefined;
  /** Whether the threads live in a process without network, files to write and programs to run. Default: off. */
  readonly wall?: WallMode | undefined;
  /** A folder of wheels that programs may import: for the price of a slower start and restore; none by default. */
  readonly packages?: string | undefined;
}

/** Starts the pool. @throws InfrastructureError where no interpreter starts, or the engine is not to be had. */
export async function openSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  checkPackages(options);
  // What is only preferred gives way to packages, which neither goes with.
  const { engine = "wasm", wall: mode = "off", onNotice = () => {} } = options.packages === undefined ? options : {};
  const native = await NativeEngine.open(engine, onNotice);
  const wall = await openWall(mode);
  const sandbox = new Sandbox(options, wall, native);
  await sandbox.warm();
  return sandbox;
}

/** Where a lease is, and how it may end. */
export interface LeaseOptions extends Partial<Place> {
  /** Aborted, it takes the caller out of the queue, or ends what runs. */
  readonly signal?: AbortSignal | undefined;
}

/** @throws UsageError for a folder that is none of packages, and for what they do not go with */
function checkPackages({ packages, engine = "wasm", wall = "off" }: SandboxOptions): void {
  if (packages === undefined) return;
  findWheels(packages);
  if (engine === "native") throw new ConfigError(`packages are for the wasm engine; found the engine "${engine}"`);
  if (wall === "on") throw new ConfigError(`packages cannot be read behind the wall; found the wall "${wall}"`);
}

interface Pool {
  readonly place: Place;
  readonly size: number;
  readonly threads: Threads;
  readonly slots: OpenRoom[];
  readonly free: OpenRoom[];
  readonly waiting: Array<(slot: OpenRoom) => void>;
}

export class Sandbox {
  readonly #workers: number;
  readonly #maximumWaiting: number;
  readonly #pools = new Map<string, Pool>();
  #closed = false;

  readonly #packages: string | undefined;

  /**
   * @param wall    where the threads live; null for this process
   * @param native  what runs programs beside them; null for wasm alone
   */
  constructor(
    options: SandboxOptions,
    private readonly wall: Wall | null = null,
    private readonly native: NativeEngine | null = null,
  ) {
    this.#packages = options.packages;
    this.#workers = Math.max(1, options.workers ?? availableParallelism());
    this.#maximumWaiting = options.maximumWaiting ?? Number.POSITIVE_INFINITY;
  }

  /** Leases that wait for an interpreter. */
  get waiting(): number {
    return [...this.#pools.values()].reduce((sum, pool) => sum + pool.waiting.length, 0);
  }

  /** Waits for the first interpreter; the others follow while it already works. */
  async warm(): Promise<void> {
    await this.lease((slot) => slot.ready());
  }

  /**
   * Gives `use` an interpreter of its own for as long as it runs. First come, first served. Python in the first world
   * unless told otherwise; the second is there to find out what depends on it.
   *
   * @throws OverloadError where as many wait already as may
   * @throws CancelledError where the signal was aborted
   */
  async lease<T>(use: (room: Room) => Promise<T>, options: LeaseOptions = {}): Promise<T> {
    if (this.#closed) throw new InfrastructureError("the sandbox is closed");
    const { signal, language = "python", world = "first" } = options;
    const pool = this.#pool({ language, world, packages: this.#packages });
    const slot = await this.#take(pool, signal);
    const runsNatively = pool.place.language === "python" && pool.place.world === "first";
    const room = new LeasedRoom(this.native && runsNatively ? this.native.beside(slot) : slot, signal);
    try {
      return await use(room);
    } finally {
      await room.end();
      const next = pool.waiting.shift();
      if (next) next(slot);
      else pool.free.push(slot);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const pools = [...this.#pools.values()];
    await Promise.all(pools.flatMap(({ slots, threads }) => [...slots, threads].map((one) => one.close())));
    await Promise.all([this.wall?.close(), this.native?.close()]);
  }

  #pool(place: Place): Pool {
    const key = `${place.language} ${place.world}`;
    let pool = this.#pools.get(key);
    if (!pool) {
      const size = place.world === "first" ? this.#workers : 1;
      pool = { place, size, threads: new Threads(place), slots: [], free: [], waiting: [] };
      this.#pools.set(key, pool);
    }
    return pool;
  }

  #take(pool: Pool, signal?: AbortSignal): Promise<OpenRoom> {
    if (signal?.aborted) return Promise.reject(new CancelledError("cancelled before it began"));
    const free = pool.free.pop();
    if (free) return Promise.resolve(free);
    if (pool.slots.length < pool.size) {
      const slot = this.wall?.room(pool.place) ?? new Slot(pool.threads);
      pool.slots.push(slot);
      return Promise.resolve(slot);
    }
    if (pool.waiting.length >= this.#maximumWaiting) {
      return Promise.reject(new OverloadError(`${pool.waiting.length} programs wait already, as many as may`));
    }
    return new Promise((resolve, reject) => {
      const granted = (slot: OpenRoom): void => {
        signal?.removeEventListener("abort", leave);
        resolve(slot);
      };
      const leave = (): void => {
        pool.waiting.splice(pool.waiting.indexOf(granted), 1);
        reject(new CancelledError("cancelled while it waited"));
      };
      signal?.addEventListener("abort", leave, { once: true });
      pool.waiting.push(granted);
    });
  }
}
