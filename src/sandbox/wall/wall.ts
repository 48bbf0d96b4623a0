// The second wall: the pool's threads in a process of their own that has no network, no files to write, no programs to
// run and no secrets. What breaks out of an interpreter finds itself there. The walls are proved at every start.

import { CancelledError, InfrastructureError } from "../../core/errors.js";
import { type Execution, fromWire, type Job, type Place, toWire } from "../job.js";
import { needsPreparing } from "../python/interpreter.js";
import { type OpenRoom, Slot } from "../slot.js";
import { Threads } from "../threads.js";
import { LAUNCHERS } from "./launch.js";
import type { FromWalled } from "./messages.js";
import { type Proof, prove, strongest } from "./probe.js";
import type { WalledProcess } from "./process.js";

/** `auto`: where a launcher proves every wall; `on`: an error elsewhere. */
export const WALL_MODES = ["on", "off", "auto"] as const;
export type WallMode = (typeof WALL_MODES)[number];

const ATTEMPTS = 2;

/**
 * The walled process, started.
 *
 * @returns null where there is to be none
 * @throws InfrastructureError where there must be one and no launcher proves every wall
 */
export async function openWall(mode: WallMode): Promise<Wall | null> {
  if (mode === "off") return null;
  const { process, proofs } = await strongest();
  if (process) return new Wall(process, proofs[proofs.length - 1].launcher);
  if (mode === "auto") return null;
  throw new InfrastructureError(`no wall stands on this machine:\n${proofs.map(describe).join("\n")}`);
}

/** One line on what a launcher proved. */
export function describe({ launcher, open, problem }: Proof): string {
  if (problem !== null) return `${launcher}: ${problem}`;
  return `${launcher}: ${open.length === 0 ? "every wall stands" : `open: ${open.join(", ")}`}`;
}

export class Wall {
  #process: WalledProcess;
  #restarting: Promise<WalledProcess> | null = null;
  readonly #prepared = new Map<string, Promise<void>>();
  #rooms = 0;
  #closed = false;

  constructor(
    first: WalledProcess,
    readonly launcher: string,
  ) {
    this.#process = first;
  }

  room(place: Place): OpenRoom {
    return new WalledRoom(this, ++this.#rooms, place);
  }

  /** The process, ready for a kind of room; a new one, proved as the first was, where that has died. */
  async process(place: Place): Promise<WalledProcess> {
    const kind = `${place.language} ${place.world}`;
    const prepared = this.#prepared.get(kind) ?? prepare(place);
    this.#prepared.set(kind, prepared);
    await prepared;
    if (this.#process.alive || this.#closed) return this.#process;
    this.#restarting ??= this.#restart().finally(() => {
      this.#restarting = null;
    });
    return this.#restarting;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#restarting?.catch(() => {});
    this.#process.close();
  }

  async #restart(): Promise<WalledProcess> {
    const launcher = LAUNCHERS.find(({ name }) => name === this.launcher);
    const { process, proof } = launcher ? await prove(launcher) : { process: null, proof: null };
    if (process && proof?.open.length === 0 && !this.#closed) {
      this.#process = process;
      return process;
    }
    process?.close();
    throw new InfrastructureError(`the wall does not stand again: ${proof ? describe(proof) : this.launcher}`);
  }
}

/** Makes the saved state out here, where it can be kept: inside nothing is written. */
async function prepare({ language, world }: Place): Promise<void> {
  if (language !== "python" || !needsPreparing(world)) return;
  const slot = new Slot(new Threads({ language, world }));
  await slot.ready();
  await slot.close();
}

class WalledRoom implements OpenRoom {
  engine = "";
  #cancelled = false;

  constructor(
    private readonly wall: Wall,
    private readonly room: number,
    private readonly place: Place,
  ) {}

  async ready(): Promise<void> {
    const { room, place } = this;
    this.#accept(await this.#ask({ kind: "ready", room, place }));
  }

  async run(job: Job): Promise<Execution> {
    const { room, place } = this;
    this.#cancelled = false;
    const answer = this.#accept(await this.#ask({ kind: "run", room, place, job: toWire(job) }));
    if (answer.kind !== "done") throw new InfrastructureError("the walled process gave no execution");
    return fromWire(answer.answer);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#ask({ kind: "cancel", room: this.room }).catch(() => {});
  }

  /** Its threads end with the process. */
  async close(): Promise<void> {}

  /** Asked again, once, where the process died over it. @throws InfrastructureError the second time */
  async #ask(question: Parameters<WalledProcess["ask"]>[0]): Promise<FromWalled> {
    for (let attempt = 1; ; attempt++) {
      const process = await this.wall.process(this.place);
      try {
        return await process.ask(question);
      } catch (error) {
        if (this.#cancelled) throw new CancelledError("the run was cancelled");
        if (attempt === ATTEMPTS || process.alive) throw error;
      }
    }
  }

  #accept(answer: FromWalled): FromWalled {
    if (answer.kind === "ready" || answer.kind === "done") this.engine = answer.engine;
    return answer;
  }
}
