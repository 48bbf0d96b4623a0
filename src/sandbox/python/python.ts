// Python as a guest: an interpreter, and a second one beside it for tests whose own code must not share the program's.

import type { Guest, GuestStart } from "../guest.js";
import type { Execution, Place, WireJob } from "../job.js";
import { cross } from "./crossing.js";
import { ENGINE, type Image, Interpreter } from "./interpreter.js";

/** Memory of the interpreter grows and never shrinks: past this a fresh thread takes over. */
const WORN_BYTES = 64 * 1024 * 1024;

export class PythonGuest implements Guest {
  readonly engine = ENGINE;
  #peer: Interpreter | null = null;
  /** The first part of staged jobs, whose state the interpreter keeps, or cannot, or whose failure is every test's. */
  #prepared: { readonly text: string; readonly outcome: "kept" | "not kept" | Execution } | null = null;

  private constructor(
    readonly image: Image,
    private readonly interpreter: Interpreter,
    private readonly place: Place,
    private readonly start: GuestStart,
  ) {}

  static async open(place: Place, given: Image | null, start: GuestStart): Promise<PythonGuest> {
    const { world, packages } = place;
    const { interpreter, image } = await Interpreter.open(world, given ?? undefined, start.progress, packages);
    return new PythonGuest(image, interpreter, place, start);
  }

  get worn(): boolean {
    const both = this.#peer ? [this.interpreter, this.#peer] : [this.interpreter];
    return both.some(({ strayed }) => strayed) || both.reduce((sum, { growth }) => sum + growth, 0) > WORN_BYTES;
  }

  async run(job: WireJob): Promise<Execution> {
    const { interpreter } = this;
    if (job.staged) return this.#runStaged(job, job.staged);
    interpreter.restore();
    return job.peer ? cross(interpreter, await this.#secondInterpreter(), job) : interpreter.run(job);
  }

  tidy(): void {
    this.interpreter.restore(this.#prepared?.outcome === "kept" ? "checkpoint" : "start");
  }

  #runStaged(job: WireJob, { prepare, resume }: NonNullable<WireJob["staged"]>): Execution {
    const { interpreter } = this;
    let spentMs = 0;
    if (this.#prepared?.text !== prepare) {
      interpreter.restore();
      const execution = interpreter.run({ ...job, request: prepare });
      spentMs = execution.cpuMs;
      const kept = (): "kept" | "not kept" => (interpreter.keep() ? "kept" : "not kept");
      this.#prepared = { text: prepare, outcome: execution.ending.kind === "finished" ? kept() : execution };
    }
    const { outcome } = this.#prepared;
    if (outcome === "not kept") {
      interpreter.restore();
      return interpreter.run(job);
    }
    if (outcome !== "kept") return outcome;
    interpreter.restore("checkpoint");
    const execution = interpreter.run({ ...job, request: resume });
    return { ...execution, cpuMs: spentMs + execution.cpuMs };
  }

  async #secondInterpreter(): Promise<Interpreter> {
    if (this.#peer) return this.#peer;
    this.start.onLoading(true);
    const { world, packages } = this.place;
    this.#peer = (await Interpreter.open(world, this.image, this.start.progress, packages)).interpreter;
    this.start.onLoading(false);
    return this.#peer;
  }
}
