// What a person is told while this client waits: a line each, and the same trouble not more than once a minute however
// many requests are in it.

import type { Clock } from "./clock.js";

const QUIET_MS = 60_000;

export class Notices {
  readonly #topics = new Map<string, { lastMs: number; isOn: boolean }>();
  readonly #clock: Clock;
  readonly #say: (message: string) => void;

  constructor(clock: Clock, say: (message: string) => void) {
    this.#clock = clock;
    this.#say = say;
  }

  say(message: string): void {
    this.#say(message);
  }

  /** At most once a minute for a topic. */
  repeat(topic: string, message: string): void {
    const now = this.#clock.nowMs();
    if (now - (this.#topics.get(topic)?.lastMs ?? -Infinity) < QUIET_MS) return;
    this.#topics.set(topic, { lastMs: now, isOn: true });
    this.#say(message);
  }

  /** The trouble is over: said only where it was said that it had begun. */
  over(topic: string, message: string): void {
    const known = this.#topics.get(topic);
    if (!known?.isOn) return;
    known.isOn = false;
    this.#say(message);
  }
}

/** "40 seconds", "3 minutes", "2 hours". */
export function durationText(ms: number): string {
  const [amount, unit] =
    ms < 120_000 ? [ms / 1000, "second"] : ms < 7_200_000 ? [ms / 60_000, "minute"] : [ms / 3.6e6, "hour"];
  const whole = Math.round(amount);
  return `${whole} ${unit}${whole === 1 ? "" : "s"}`;
}
