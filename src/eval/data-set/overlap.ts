// Whether a training problem's text is in the evaluation sets: shared runs of words. An index of the evaluation prompts
// is held, the training problems pass by. Only prompts are looked at; a problem told in other words is not found.

import type { Problem } from "../../problems/problem.js";
import { gramsOf } from "./words.js";

export interface OverlapOptions {
  /** Words in a run. */
  readonly gramWords: number;
  /** From which share of shared runs on two prompts are held to be the same problem. */
  readonly threshold: number;
  /** Runs held at most; where the sets have more, a fixed sample of them is compared. */
  readonly maximumGrams: number;
}

export const overlapDefaults: OverlapOptions = { gramWords: 13, threshold: 0.5, maximumGrams: 1_000_000 };

export interface Overlap {
  /** The evaluation problem that shares most. */
  readonly id: string;
  /** Shared runs, of those of the prompt that has fewer. */
  readonly share: number;
}

interface Indexed {
  readonly id: string;
  /** Of its runs, those that count. */
  grams: number;
}

/** Runs that so many evaluation problems share are words of the format ("Write Python code to solve ..."). */
const FORMAT_SHARE = 0.1;
const FORMAT_AT_LEAST = 3;

/**
 * overlap(E, T) = |grams(E) ∩ grams(T)| / min(|grams(E)|, |grams(T)|), runs of the format left out
 * (the 13-word runs of Brown et al., arXiv 2005.14165, appendix C, as a share instead of any one hit).
 */
export class OverlapIndex {
  readonly #problems: Indexed[] = [];
  /** The problems that have the run, by their place. */
  #grams = new Map<number, number[]>();
  /** Every run where it is 1; else one in so many, chosen by the run itself. */
  #sampling = 1;
  #closed = false;

  constructor(private readonly options: OverlapOptions = overlapDefaults) {}

  get size(): number {
    return this.#problems.length;
  }

  add({ id, prompt }: Problem): void {
    const place = this.#problems.push({ id, grams: 0 }) - 1;
    for (const gram of gramsOf(prompt, this.options.gramWords)) {
      if (gram % this.#sampling !== 0) continue;
      const places = this.#grams.get(gram);
      if (places) places.push(place);
      else this.#grams.set(gram, [place]);
    }
    while (this.#grams.size > this.options.maximumGrams) this.#thin();
  }

  /** The evaluation problem that the prompt overlaps most, from the threshold on. */
  find({ prompt }: Problem): Overlap | null {
    this.#close();
    let own = 0;
    const shared = new Map<number, number>();
    for (const gram of gramsOf(prompt, this.options.gramWords)) {
      if (gram % this.#sampling !== 0) continue;
      const places = this.#grams.get(gram);
      // A run of the format is held with no problem at all.
      if (places?.length !== 0) own++;
      for (const place of places ?? []) shared.set(place, (shared.get(place) ?? 0) + 1);
    }
    let best: Overlap | null = null;
    for (const [place, count] of shared) {
      const { id, grams } = this.#problems[place];
      const share = count / Math.min(own, grams);
      if (share >= this.options.threshold && share > (best?.share ?? 0)) best = { id, share };
    }
    return best;
  }

  #thin(): void {
    this.#sampling *= 2;
    this.#grams = new Map([...this.#grams].filter(([gram]) => gram % this.#sampling === 0));
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const most = Math.max(FORMAT_AT_LEAST, FORMAT_SHARE * this.#problems.length);
    for (const [gram, places] of this.#grams) {
      if (places.length > most) this.#grams.set(gram, []);
      else for (const place of places) this.#problems[place].grams++;
    }
  }
}
