// The sequences of the simulated model: prose from a random place, then the answer that the book has for the prompt.

import { Rng } from "../../src/core/rng.js";
import type { Tokenizer } from "../../src/engines/engine.js";
import type { SampledSequence } from "../../src/engines/tinker/protocol/records.js";
import { type Book, keyOf, type Page } from "./book.js";
import { lengthOf } from "./fleet.js";

/** So many different logprobs are cut from. */
const LOGPROBS = 1 << 16;

export class Sequences {
  #number = 0;
  readonly #logprobs: Float32Array;
  /** Prompts that the book does not have: zero in a run that measures anything. */
  unknown = 0;

  constructor(
    private readonly book: Book,
    private readonly tokenizer: Tokenizer,
    private readonly meanTokens: number,
  ) {
    const rng = Rng.of("logprobs");
    // Exponential, a third of a nat in the mean: about what models are sampled at.
    this.#logprobs = Float32Array.from({ length: LOGPROBS }, () => Math.log(1 - rng.uniform()) / 3);
  }

  sample(prompt: readonly number[], count: number, maximumTokens: number): SampledSequence[] {
    const page = this.book.pages[keyOf(this.tokenizer.decode(prompt))];
    if (!page) this.unknown++;
    return Array.from({ length: count }, () => this.#sequence(page, maximumTokens));
  }

  #sequence(page: Page | undefined, maximumTokens: number): SampledSequence {
    const { book } = this;
    const number = ++this.#number;
    const rng = Rng.of("sequence", number);
    const ending = page ? [...answer(page, book, number, rng), book.endId] : [book.endId];
    const length = Math.min(maximumTokens, Math.max(lengthOf(this.meanTokens, rng), ending.length));
    const tokens = [...this.#prose(length - ending.length, rng), ...ending].slice(0, length);
    const start = rng.integer(0, LOGPROBS - 1);
    const logprobs = new Float32Array(length).map((_, t) => this.#logprobs[(start + t) % LOGPROBS]);
    return { stopReason: tokens.at(-1) === book.endId ? "stop" : "length", tokens, logprobs };
  }

  #prose(count: number, rng: Rng): number[] {
    const { prose } = this.book;
    let at = rng.integer(0, prose.length - 1);
    const tokens: number[] = [];
    while (tokens.length < count) {
      const piece = prose.slice(at, at + count - tokens.length);
      for (const token of piece) tokens.push(token);
      at = 0;
    }
    return tokens;
  }
}

function answer(page: Page, { digits, beforeNumber, afterNumber }: Book, number: number, rng: Rng): number[] {
  const body = rng.uniform() < page.ease ? page.right : rng.pick(page.wrong);
  if (!page.isProgram) return [...body];
  const spelt = Array.from(String(number).padStart(9, "0"), (digit) => digits[Number(digit)]).flat();
  return [...body, ...beforeNumber, ...spelt, ...afterNumber];
}
