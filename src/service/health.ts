// Whether the service works: a program really runs, and that tells a broken sandbox from a busy one. Asked often, it runs
// one at a time and one in a few seconds.

import { messageOf } from "../core/errors.js";

export interface HealthOptions {
  /** Runs a program whose answer is known. @throws where that goes wrong */
  readonly probe: () => Promise<void>;
  /** How much work has come to an end so far, and how much is under way. */
  readonly progress: () => { readonly ended: number; readonly running: number };
  /** Default: the machine's clock. */
  readonly nowMs?: (() => number) | undefined;
}

export type Condition =
  | { readonly kind: "works" }
  | { readonly kind: "occupied" }
  | { readonly kind: "broken"; readonly message: string };

/** An answer is good for this long. */
const FRESH_MS = 5000;
/** A probe that takes longer is behind other work. */
const PATIENCE_MS = 2000;
/** Where nothing at all comes to an end for this long while a probe waits, that is no work. */
const STUCK_MS = 120_000;

export class Health {
  readonly #options: HealthOptions;
  readonly #now: () => number;
  #known: { readonly condition: Condition; readonly atMs: number } | null = null;
  #asked: { readonly answer: Promise<Condition>; readonly atMs: number } | null = null;
  #moved = { ended: 0, atMs: 0 };

  constructor(options: HealthOptions) {
    this.#options = options;
    this.#now = options.nowMs ?? (() => performance.now());
  }

  async condition(patienceMs = PATIENCE_MS): Promise<Condition> {
    if (this.#known && this.#now() - this.#known.atMs < FRESH_MS) return this.#known.condition;
    const asked = this.#asked ?? this.#ask();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), patienceMs);
    });
    const answer = await Promise.race([asked.answer, late]);
    clearTimeout(timer);
    return answer ?? this.#withoutAnswer(asked.atMs);
  }

  #ask(): { readonly answer: Promise<Condition>; readonly atMs: number } {
    const answer = this.#options
      .probe()
      .then(
        (): Condition => ({ kind: "works" }),
        (error: unknown): Condition => ({ kind: "broken", message: messageOf(error) }),
      )
      .then((condition) => {
        this.#asked = null;
        this.#known = { condition, atMs: this.#now() };
        return condition;
      });
    this.#asked = { answer, atMs: this.#now() };
    return this.#asked;
  }

  #withoutAnswer(askedMs: number): Condition {
    const { ended, running } = this.#options.progress();
    const now = this.#now();
    if (ended !== this.#moved.ended) this.#moved = { ended, atMs: now };
    if (running === 0) return { kind: "broken", message: "a program that should end at once does not" };
    const stuck = now - Math.max(askedMs, this.#moved.atMs) > STUCK_MS;
    return stuck ? { kind: "broken", message: "no program comes to an end" } : { kind: "occupied" };
  }
}
