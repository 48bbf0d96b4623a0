// Which engine runs a job: the native one runs programs, and nothing else; under `auto` only those that have shown
// themselves heavy. Not a pool (sandbox.ts), and no judge of what came out.
//
// Under `auto` a program's first test runs in wasm, and its counted work decides about the rest: the choice is the same
// on every machine and in every order. Wasm has the last word on whatever is not a normal end.

import type { Execution, Job } from "../job.js";
import { WORK_PER_MS } from "../python/ports.js";
import type { OpenRoom, Room } from "../slot.js";

export const engineChoices = ["wasm", "native", "auto"] as const;
export type EngineChoice = (typeof engineChoices)[number];

/**
 * Counted milliseconds of a program's first test, past which a fork pays for itself. Where processor time breaks even on
 * the machine this was chosen on: 1 for tables in loops, 1.5 to 2 for sieves, 2.3 for calls.
 */
const HEAVY_MS = 3;

/** A room with both engines, for one lease. */
export class ChoosingRoom implements Room {
  readonly #wasm: OpenRoom;
  readonly #native: () => Promise<OpenRoom | null>;
  readonly #choice: "native" | "auto";
  /** The engines that programs have run in, in the order of their first use. */
  readonly #used: OpenRoom[] = [];
  #program: { readonly session: string; readonly heavy: boolean } | null = null;

  /** @param native  its room, once one is to be had; null where there is none */
  constructor(choice: "native" | "auto", wasm: OpenRoom, native: () => Promise<OpenRoom | null>) {
    this.#choice = choice;
    this.#wasm = wasm;
    this.#native = native;
  }

  get engine(): string {
    return (this.#used.length > 0 ? this.#used : [this.#wasm]).map(({ engine }) => engine).join("+");
  }

  ready(): Promise<void> {
    return this.#wasm.ready();
  }

  /** Ends what runs: the caller gets a CancelledError. */
  cancel(): void {
    for (const room of new Set([this.#wasm, ...this.#used])) room.cancel();
  }

  /** Each job alone: what the next runs in is decided by how it goes. */
  async run(asked: Job): Promise<Execution> {
    const { next: _, ...job } = asked;
    // There are no files in the native engine, not even a problem's own.
    if (job.request.op !== "run" || job.files !== undefined) return this.#runIn(this.#wasm, job);
    return this.#choice === "native" ? this.#runNatively(job) : this.#runByWeight(job);
  }

  async #runNatively(job: Job): Promise<Execution> {
    return this.#runIn((await this.#native()) ?? this.#wasm, job);
  }

  async #runByWeight(job: Job): Promise<Execution> {
    const { session } = job;
    if (session === undefined || session !== this.#program?.session) {
      const first = await this.#runIn(this.#wasm, job);
      this.#program = session === undefined ? null : { session, heavy: first.work > HEAVY_MS * WORK_PER_MS };
      return first;
    }
    const native = this.#program.heavy ? await this.#native() : null;
    if (!native) return this.#runIn(this.#wasm, job);
    const execution = await this.#runIn(native, job);
    const endedWell = execution.ending.kind === "finished" || execution.ending.kind === "exited";
    return endedWell ? execution : this.#runIn(this.#wasm, job);
  }

  #runIn(room: OpenRoom, job: Job): Promise<Execution> {
    const runsProgram = "source" in job.request;
    if (runsProgram && !this.#used.includes(room)) this.#used.push(room);
    return room.run(job);
  }
}
