// One walled process, from outside: started, asked, ended. It keeps this process alive only while it owes an answer.

import { type ChildProcess, spawn } from "node:child_process";
import { InfrastructureError } from "../../core/errors.js";
import type { Launch } from "./launch.js";
import type { FromWalled, ToWalled } from "./messages.js";

const KEPT_BYTES = 2000;

type Question = ToWalled extends infer Each ? (Each extends ToWalled ? Omit<Each, "id"> : never) : never;

interface Waiting {
  readonly resolve: (answer: FromWalled) => void;
  readonly reject: (error: InfrastructureError) => void;
}

export class WalledProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #said = "";
  /** Why it is no more; null while it lives. */
  #end: string | null = null;

  constructor({ file, arguments: parameters, environment }: Launch) {
    const child = spawn(file, [...parameters], {
      cwd: "/",
      env: environment,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      // Its own messages are read by JSON.parse alone: what it says is not trusted.
      serialization: "json",
    });
    this.#child = child;
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-KEPT_BYTES);
    });
    child.on("message", (message: FromWalled | null) => this.#hear(message));
    child.once("error", (error) => this.#ended(error.message));
    child.once("exit", (code, signal) => this.#ended(`it ended with ${signal ?? code}`));
    this.#rest();
  }

  get alive(): boolean {
    return this.#end === null;
  }

  /** @throws InfrastructureError where it dies before it answers */
  ask(question: Question): Promise<FromWalled> {
    return new Promise((resolve, reject) => {
      if (this.#end !== null) {
        reject(this.#lost());
        return;
      }
      const id = ++this.#lastId;
      if (this.#waiting.size === 0) this.#child.channel?.ref();
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ ...question, id }, (error) => error && this.#ended(error.message));
    });
  }

  close(): void {
    this.#child.kill("SIGKILL");
    this.#ended("it was closed");
  }

  #hear(message: FromWalled | null): void {
    const waiting = this.#waiting.get(message?.id ?? 0);
    if (!message || !waiting) return;
    this.#waiting.delete(message.id);
    if (this.#waiting.size === 0) this.#rest();
    if (message.kind === "failed") waiting.reject(new InfrastructureError(message.message));
    else waiting.resolve(message);
  }

  #ended(why: string): void {
    this.#end ??= why;
    for (const { reject } of this.#waiting.values()) reject(this.#lost());
    this.#waiting.clear();
    this.#child.kill("SIGKILL");
  }

  #lost(): InfrastructureError {
    const lines = this.#said.split("\n").map((line) => line.trim());
    const error = lines.find((line) => line.includes("rror")) ?? lines[0];
    return new InfrastructureError(`the walled process is lost: ${this.#end}${error ? ` (${error})` : ""}`);
  }

  #rest(): void {
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as unknown as { unref?: () => void } | null)?.unref?.();
  }
}
