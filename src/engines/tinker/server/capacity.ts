// How many may be inside at once; others wait their turn at the door.

export class Capacity {
  #free: number;
  readonly #waiting: Array<() => void> = [];

  constructor(places: number) {
    this.#free = places;
  }

  /**
   * @param onWait  called where there is no place yet
   * @returns what gives the place back, once however often it is called
   * @throws the signal's reason, where it gives up waiting
   */
  async enter(signal: AbortSignal, onWait: () => void): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else {
      onWait();
      await this.#turn(signal);
    }
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        reject(signal.reason as Error);
      };
      this.#waiting.push(enter);
      signal.addEventListener("abort", leave, { once: true });
    });
  }
}
