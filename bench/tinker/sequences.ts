// The sequences of the simulated model: prose from a random place, then the answer that the book has for the prompt.

import { Rng } from "../../src/core/rng.js";
import type { Tokenizer } from "../../src/engines/engine.js";
import type { SampledSequence } from "../../src/engines/tinker/protocol/records.js";
import { type Book, keyOf, type Page } from "./book.js";
import { lengthOf } from "./fleet.js";

/** Logprobs and prose are cut out of arrays of this length: the longest sequence there can be. */
const LONGEST = 1 << 17;

/** A sequence of which only the length is known before it is asked for. */
export interface Drawn {
  readonly length: number;
  /** The same each time. */
  readonly write: () => SampledSequence;
}

export class Sequences {
  #number = 0;
  readonly #logprobs: Float32Array;
  readonly #prose: readonly number[];
  /** Prompts that the book does not have: zero in a run that measures anything. */
  unknown = 0;

  constructor(
    private readonly book: Book,
    private readonly tokenizer: Tokenizer,
    private readonly meanTokens: number,
  ) {
    const rng = Rng.of("logprobs");
    // Exponential, a third of a nat in the mean: about what models are sampled at.
    this.#logprobs = Float32Array.from({ length: 2 * LONGEST }, () => Math.log(1 - rng.uniform()) / 3);
    this.#prose = Array.from({ length: 2 * LONGEST }, (_, i) => book.prose[i % book.prose.length]);
  }

  draw(prompt: readonly number[], count: number, maximumTokens: number): Drawn[] {
    const page = this.book.pages[keyOf(this.tokenizer.decode(prompt))];
    if (!page) this.unknown++;
    return Array.from({ length: count }, () => this.#drawn(page, maximumTokens));
  }

  #drawn(page: Page | undefined, maximumTokens: number): Drawn {
    const { book } = this;
    const number = ++this.#number;
    const rng = Rng.of("sequence", number);
    const ending = page ? [...answer(page, book, number, rng), book.endId] : [book.endId];
    const length = Math.min(maximumTokens, Math.max(lengthOf(this.meanTokens, rng), ending.length));
    const start = rng.integer(0, LONGEST - 1);
    const write = (): SampledSequence => {
      const before = this.#prose.slice(start, start + Math.max(0, length - ending.length));
      const tokens = before.concat(ending.slice(0, length));
      const logprobs = this.#logprobs.subarray(start, start + length);
      return { stopReason: tokens.at(-1) === book.endId ? "stop" : "length", tokens, logprobs };
    };
    return { length, write };
  }
}

function answer(page: Page, { digits, beforeNumber, afterNumber }: Book, number: number, rng: Rng): number[] {
  const body = rng.uniform() < page.ease ? page.right : rng.pick(page.wrong);
  if (!page.isProgram) return [...body];
  const spelt = Array.from(String(number).padStart(9, "0"), (digit) => digits[Number(digit)]).flat();
  return [...body, ...beforeNumber, ...spelt, ...afterNumber];
}
