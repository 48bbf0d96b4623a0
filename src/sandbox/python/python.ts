// Python as a guest: an interpreter, and a second one beside it for tests whose own code must not share the program's.

import type { Guest, GuestStart } from "../guest.js";
import type { Execution, WireJob, World } from "../job.js";
import { cross } from "./crossing.js";
import { ENGINE, type Image, Interpreter } from "./interpreter.js";

/** Memory of the interpreter grows and never shrinks: past this a fresh thread takes over. */
const WORN_BYTES = 64 * 1024 * 1024;

export class PythonGuest implements Guest {
  readonly engine = ENGINE;
  #peer: Interpreter | null = null;
  /** The session whose state the interpreter may keep. */
  #session: string | undefined;

  private constructor(
    readonly image: Image,
    private readonly interpreter: Interpreter,
    private readonly world: World,
    private readonly start: GuestStart,
  ) {}

  static async open(world: World, given: Image | null, start: GuestStart): Promise<PythonGuest> {
    const { interpreter, image } = await Interpreter.open(world, given ?? undefined, start.progress);
    return new PythonGuest(image, interpreter, world, start);
  }

  get worn(): boolean {
    const both = this.#peer ? [this.interpreter, this.#peer] : [this.interpreter];
    return both.some(({ strayed }) => strayed) || both.reduce((sum, { growth }) => sum + growth, 0) > WORN_BYTES;
  }

  async run(job: WireJob): Promise<Execution> {
    const { interpreter } = this;
    if (job.session === undefined || job.session !== this.#session) interpreter.restore();
    const execution = job.peer ? cross(interpreter, await this.#secondInterpreter(), job) : interpreter.run(job);
    this.#session = execution.reply?.clean === true ? job.session : undefined;
    return execution;
  }

  tidy(): void {
    if (this.#session === undefined) this.interpreter.restore();
  }

  async #secondInterpreter(): Promise<Interpreter> {
    if (this.#peer) return this.#peer;
    this.start.onLoading(true);
    this.#peer = (await Interpreter.open(this.world, this.image, this.start.progress)).interpreter;
    this.start.onLoading(false);
    return this.#peer;
  }
}
