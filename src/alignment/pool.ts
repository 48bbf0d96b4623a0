// The pool of alignment examples between the step that failed and the step that learns from it. Seeded,
// checkpointed, and without repeats until every example has been drawn once.

import { sha256 } from "../core/files.js";
import { stringifyJson } from "../core/json.js";
import type { Rng } from "../core/rng.js";
import type { ProgramInput } from "../problems/problem.js";
import type { QuestionKind } from "../prompts/question.js";
import type { AlignmentExample } from "./example.js";

export const samplings = ["recent", "uniform", "byAge"] as const;

export interface PoolOptions {
  readonly capacity: number;
  /** recent: newest step first; byAge: the chance halves with every step of age; uniform: all alike. */
  readonly sampling: (typeof samplings)[number];
}

/** One pooled example, as the checkpoint keeps it. */
export interface PoolEntry {
  readonly example: AlignmentExample;
  readonly drawn: boolean;
}

export class AlignmentPool {
  #entries: Array<{ readonly example: AlignmentExample; drawn: boolean }>;
  /** What is asked of each program and input that the pool holds. */
  readonly #known = new Map<string, Set<QuestionKind>>();

  constructor(
    private readonly options: PoolOptions,
    entries: readonly PoolEntry[] = [],
  ) {
    this.#entries = entries.map((entry) => ({ ...entry }));
    for (const { example } of entries) this.#know(example);
  }

  get size(): number {
    return this.#entries.length;
  }

  get entries(): readonly PoolEntry[] {
    return this.#entries;
  }

  /** What the pool's examples ask of a program on an input. */
  asked(program: string, input: ProgramInput): readonly QuestionKind[] {
    return [...(this.#known.get(exampleKey(program, input)) ?? [])];
  }

  /** Mean age of the pooled examples in steps; NaN where the pool is empty. */
  meanAge(step: number): number {
    return this.#entries.reduce((total, { example }) => total + step - example.step, 0) / this.size;
  }

  /** Adds examples; the oldest leave when the pool is over its capacity. */
  add(examples: readonly AlignmentExample[]): void {
    for (const example of examples) {
      if (this.asked(example.program, example.input).includes(example.target)) continue;
      this.#know(example);
      this.#entries.push({ example, drawn: false });
    }
    for (const { example } of this.#entries.splice(0, Math.max(0, this.size - this.options.capacity))) {
      const key = exampleKey(example.program, example.input);
      const asked = this.#known.get(key);
      asked?.delete(example.target);
      if (asked?.size === 0) this.#known.delete(key);
    }
  }

  #know({ program, input, target }: AlignmentExample): void {
    const key = exampleKey(program, input);
    this.#known.set(key, (this.#known.get(key) ?? new Set()).add(target));
  }

  /**
   * `count` different examples, those not yet drawn first; fewer only where the pool holds fewer.
   *
   * @param except  what this step has drawn already
   */
  draw(count: number, step: number, rng: Rng, except: ReadonlySet<AlignmentExample> = new Set()): AlignmentExample[] {
    const ranked = rng
      .shuffled(this.#entries.filter(({ example }) => !except.has(example)))
      .map((entry) => ({ entry, rank: this.#rank(entry.example, step, rng) }))
      .sort((a, b) => Number(a.entry.drawn) - Number(b.entry.drawn) || b.rank - a.rank)
      .slice(0, count)
      .map(({ entry }) => entry);
    if (ranked.some((entry) => entry.drawn)) for (const entry of this.#entries) entry.drawn = except.has(entry.example);
    for (const entry of ranked) entry.drawn = true;
    return ranked.map(({ example }) => example);
  }

  /** Of each entry, whether it has been drawn, to be handed to `restoreDrawn` while the entries are the same. */
  get drawn(): readonly boolean[] {
    return this.#entries.map(({ drawn }) => drawn);
  }

  restoreDrawn(drawn: readonly boolean[]): void {
    for (const [i, entry] of this.#entries.entries()) entry.drawn = drawn[i] ?? false;
  }

  #rank(example: AlignmentExample, step: number, rng: Rng): number {
    switch (this.options.sampling) {
      case "recent":
        return example.step;
      case "uniform":
        return 0;
      case "byAge":
        // Weighted sampling without replacement: the largest log(u) / w (Efraimidis and Spirakis, 2006).
        return Math.log(rng.uniform()) / 0.5 ** (step - example.step);
      default:
        return this.options.sampling satisfies never;
    }
  }
}

/** Two examples are the same when program and input are. */
export function exampleKey(program: string, input: ProgramInput): string {
  return sha256(`${stringifyJson(input)}\n${program}`);
}
