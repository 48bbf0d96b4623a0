// Names by number: those of problems and of reasons occur in many rollouts, and are kept once.

export class Names {
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  /** @param most  how many there may be; a name beyond is not kept */
  constructor(private readonly most = Number.POSITIVE_INFINITY) {}

  get size(): number {
    return this.#names.length;
  }

  get all(): readonly string[] {
    return this.#names;
  }

  /** null where the table is full. */
  add(name: string): number | null {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#names.length >= this.most) return null;
    this.#numbers.set(name, this.#names.length);
    return this.#names.push(name) - 1;
  }
}
