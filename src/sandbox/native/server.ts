// One native Python behind its keeper (server.py): a job goes in as bytes, what came of it comes out as bytes.
// Not a judge of what may run natively (native.ts), and not what closes a program in (lockdown.py).

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { CancelledError } from "../../core/errors.js";
import { type Execution, type Job, toWire } from "../job.js";
import { guestRecipe } from "../python/interpreter.js";
import type { OpenRoom } from "../slot.js";
import { type Answer, toExecution } from "./answer.js";
import { Bytes } from "./bytes.js";
import type { Python } from "./python3.js";

/** Nothing of this machine's; hash seed and zone as in the wasm engine. */
export const ENVIRONMENT = {
  HOME: "/home",
  LANG: "C.UTF-8",
  LOGNAME: "web_user",
  PATH: "/",
  PWD: "/",
  PYTHONHASHSEED: "0",
  TZ: "UTC0",
  USER: "web_user",
} as const;
/** No site, no user's folder, nothing of the working directory, no files written, UTF-8 everywhere. */
export const FLAGS = ["-s", "-S", "-P", "-B", "-X", "utf8"] as const;

/** A program that stands still for this many times its limit waits for nothing; as in the wasm engine. */
const SILENCE_FACTOR = 2;
const SILENCE_MIN_MS = 2000;
const WALL_FACTOR = 30;
const WALL_MIN_MS = 6000;

const READY = "ready";
const QUESTION_BYTES = 48;
const ANSWER_BYTES = 29;

export class NativeServer implements OpenRoom {
  readonly engine: string;
  #process: Promise<Connection> | null = null;
  #cancelled = false;

  constructor(readonly python: Python) {
    this.engine = `native/cpython-${python.version}`;
  }

  async ready(): Promise<void> {
    await this.#running();
  }

  /**
   * @throws InfrastructureError where no server starts, or one is lost under the job twice
   * @throws CancelledError where `cancel` was called meanwhile
   */
  async run(job: Job): Promise<Execution> {
    this.#cancelled = false;
    try {
      return await this.#attempt(job);
    } catch (error) {
      if (this.#cancelled) throw new CancelledError("cancelled while it ran", { cause: error });
      return this.#attempt(job);
    }
  }

  cancel(): void {
    this.#cancelled = true;
    this.#process?.then((connection) => connection.kill()).catch(() => {});
  }

  async close(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    await process?.then((connection) => connection.close()).catch(() => {});
  }

  async #attempt(job: Job): Promise<Execution> {
    const connection = await this.#running();
    try {
      return toExecution(await connection.ask(job), job);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async #running(): Promise<Connection> {
    this.#process ??= Connection.open(this.python);
    try {
      return await this.#process;
    } catch (error) {
      this.#process = null;
      throw error;
    }
  }
}

class Connection {
  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly answers: Bytes,
  ) {}

  static async open(python: Python): Promise<Connection> {
    const script = fileURLToPath(new URL("./server.py", import.meta.url));
    const child = spawn(python.path, [...FLAGS, script], { cwd: "/", env: ENVIRONMENT, stdio: "pipe" });
    const connection = new Connection(child, new Bytes(child));
    const { install, standardLibrary, guest } = guestRecipe();
    const own = guest.filter(([name]) => NATIVE_GUEST.has(name));
    connection.#send(Buffer.from(JSON.stringify({ install, standardLibrary, guest: own })), true);
    await connection.answers.take(READY.length);
    return connection;
  }

  async ask(job: Job): Promise<Answer> {
    const { request, stdin, limits } = toWire(job);
    const [requestBytes, input] = [Buffer.from(request), Buffer.from(stdin)];
    const head = Buffer.alloc(QUESTION_BYTES);
    head.writeDoubleLE(limits.timeMs, 0);
    head.writeDoubleLE(Math.max(SILENCE_MIN_MS, SILENCE_FACTOR * limits.timeMs), 8);
    head.writeDoubleLE(Math.max(WALL_MIN_MS, WALL_FACTOR * limits.timeMs), 16);
    head.writeBigUInt64LE(BigInt(limits.memoryBytes), 24);
    head.writeBigUInt64LE(BigInt(limits.outputBytes), 32);
    head.writeUInt32LE(requestBytes.length, 40);
    head.writeUInt32LE(input.length, 44);
    this.#send(Buffer.concat([head, requestBytes, input]), false);
    const answer = await this.answers.take(ANSWER_BYTES);
    const output = await this.answers.take(answer.readUInt32LE(21));
    return {
      stopped: answer.readUInt8(0),
      status: answer.readInt32LE(1),
      cpuMs: answer.readDoubleLE(5),
      outputBytes: Number(answer.readBigUInt64LE(13)),
      output,
      reply: await this.answers.take(answer.readUInt32LE(25)),
    };
  }

  /** With the keeper end the nursery and the program. */
  kill(): void {
    this.child.kill("SIGKILL");
  }

  async close(): Promise<void> {
    this.child.stdin.end();
    await this.answers.ended();
  }

  #send(bytes: Buffer, withLength: boolean): void {
    if (withLength) {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(bytes.length);
      this.child.stdin.write(length);
    }
    this.child.stdin.write(bytes);
  }
}

/** The guest's modules that running a program needs: tests that judge for themselves, and traces, are the wasm engine's. */
const NATIVE_GUEST: ReadonlySet<string> = new Set([
  "coderlplus_values",
  "coderlplus_shims",
  "coderlplus_nodes",
  "coderlplus_guest",
]);
