// JavaScript as a guest: one QuickJS, and a second one beside it for tests whose own code must not share the program's.
// Both draw on one budget: the limits are the whole test's. A program's text is prepared here, outside (program.ts).

import { parseJson } from "../../core/json.js";
import type { Guest, GuestStart } from "../guest.js";
import { type Execution, fieldsOf, type WireJob, type World } from "../job.js";
import { Budget } from "./budget.js";
import { converse, perform } from "./perform.js";
import { QuickJs } from "./quickjs.js";
import { testedNames, toCheck, toGuest, toProgram } from "./requests.js";

type Fields = ReturnType<typeof fieldsOf>;

/** Named in every verdict: error texts differ between versions. */
const ENGINE = "wasm/quickjs-2025-09-13";
/** Memory of the interpreter grows and never shrinks: past this a fresh thread takes over. */
const WORN_BYTES = 64 * 1024 * 1024;
/** A traced program does more than it would alone: reaching its limit only there would change what it does. */
const TRACE_FACTOR = 8;

export class JavaScriptGuest implements Guest {
  readonly engine = ENGINE;
  readonly image = null;
  #peer: QuickJs | null = null;

  private constructor(
    private readonly budget: Budget,
    private readonly main: QuickJs,
  ) {}

  static async open(world: World, start: GuestStart): Promise<JavaScriptGuest> {
    const budget = new Budget(world, start.progress);
    return new JavaScriptGuest(budget, await QuickJs.open(budget));
  }

  get worn(): boolean {
    return this.main.growth + (this.#peer?.growth ?? 0) > WORN_BYTES;
  }

  async run(job: WireJob): Promise<Execution> {
    const request = fieldsOf(parseJson(job.request));
    await this.main.restore();
    this.budget.begin(job.limits, request.op === "trace" ? TRACE_FACTOR : 1);
    const started = performance.now();
    const { ending, reply } = job.peer
      ? await this.#cross(request, fieldsOf(parseJson(job.peer)), job)
      : perform(this.main, toGuest(request, job));
    const cpuMs = performance.now() - started;
    const { work, outputBytes } = this.budget;
    const stdout = Buffer.concat(this.budget.stdout).toString("utf8");
    // What the published harness would have captured is what was written.
    const said = request.op === "official" ? { ...reply, captured: stdout } : reply;
    const stderr = job.keepsStderr ? { stderr: Buffer.concat(this.budget.stderr).toString("utf8") } : {};
    return { ending, reply: said, stdout, stdoutIsText: true, ...stderr, work, outputBytes, cpuMs };
  }

  tidy(): void {
    this.main.rewind();
    this.#peer?.rewind();
  }

  /** Test code in this interpreter, the program in the other: questions and answers are tagged values. */
  async #cross(request: Fields, peer: Fields, job: WireJob): Promise<Pick<Execution, "ending" | "reply">> {
    this.#peer ??= await QuickJs.open(this.budget);
    const candidate = this.#peer;
    await candidate.restore();
    const loaded = perform(candidate, toProgram(peer, job, testedNames(request)));
    if (loaded.ending.kind !== "finished") return { ...loaded, reply: null };
    const answer = (question: string): string => converse(candidate, `{"op": "serve", "question": ${question}}`);
    return perform(this.main, toCheck(request), answer);
  }
}
