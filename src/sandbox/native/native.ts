// The native engine as a whole: a Python of this machine, the proof that its walls hold, and a server beside each
// interpreter of the pool. Off where any wall that is asked for does not hold.

import { InfrastructureError } from "../../core/errors.js";
import type { OpenRoom } from "../slot.js";
import { ChoosingRoom, type EngineChoice } from "./choice.js";
import { type Proof, probe } from "./probe.js";
import { NativeServer } from "./server.js";

export class NativeEngine {
  readonly #choice: "native" | "auto";
  readonly #onNotice: (text: string) => void;
  readonly #servers = new Map<OpenRoom, NativeServer>();
  readonly #prove: () => Promise<Proof>;
  #noticed = false;

  private constructor(choice: "native" | "auto", onNotice: (text: string) => void, prove: () => Promise<Proof>) {
    this.#choice = choice;
    this.#onNotice = onNotice;
    this.#prove = prove;
  }

  /**
   * Null for wasm alone. `native` is proved here; `auto` when the first heavy program comes.
   *
   * @throws InfrastructureError where `native` is asked for and not to be had
   */
  static async open(
    choice: EngineChoice,
    onNotice: (text: string) => void,
    prove: () => Promise<Proof> = probe,
  ): Promise<NativeEngine | null> {
    if (choice === "wasm") return null;
    const engine = new NativeEngine(choice, onNotice, prove);
    if (choice === "native") {
      const { why } = await prove();
      if (why !== null) throw new InfrastructureError(`the native engine is not to be had here: ${why}`);
    }
    return engine;
  }

  /** A room with both engines around an interpreter of the pool; each such has a server of its own. */
  beside(wasm: OpenRoom): ChoosingRoom {
    return new ChoosingRoom(this.#choice, wasm, () => this.#serverFor(wasm));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.close()));
  }

  async #serverFor(wasm: OpenRoom): Promise<OpenRoom | null> {
    const { python, why } = await this.#prove();
    if (python === null || why !== null) {
      if (!this.#noticed) this.#onNotice(`heavy programs run in wasm: the native engine is not to be had here: ${why}`);
      this.#noticed = true;
      return null;
    }
    let server = this.#servers.get(wasm);
    if (!server) {
      server = new NativeServer(python);
      this.#servers.set(wasm, server);
    }
    return server;
  }
}
