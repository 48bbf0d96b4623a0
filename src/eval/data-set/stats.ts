// What a data set holds, counted while it is read: lengths, tests, kinds, languages, duplicates. A look before training;
// it proves nothing (check.ts does).

import { stringifyJson } from "../../core/json.js";
import type { Problem } from "../../problems/problem.js";
import type { SourceItem } from "../../problems/sources/source.js";
import { Distribution, type Summary } from "./distribution.js";
import { fingerprint, normalised } from "./words.js";

type Counts = Readonly<Record<string, number>>;

export interface DataStats {
  readonly problems: number;
  readonly withReference: number;
  readonly tests: number;
  readonly hiddenTests: number;
  /** Problems after the first with the same prompt; the second also counts those that differ in case and spacing. */
  readonly duplicatePrompts: number;
  readonly duplicateNormalisedPrompts: number;
  /** Distinct compositions where the metadata names them. */
  readonly compositions: number;
  /** Rows that are no problems, by the reason. */
  readonly skipped: Counts;
  readonly malformed: Counts;
  readonly byLanguage: Counts;
  readonly bySource: Counts;
  readonly byTestKind: Counts;
  readonly byStyle: Counts;
  readonly bySubset: Counts;
  readonly bySplit: Counts;
  readonly byCompositionLength: Counts;
  readonly lengths: {
    readonly promptCharacters: Summary | null;
    /** Null where no tokenizer was given. */
    readonly promptTokens: Summary | null;
    readonly referenceCharacters: Summary | null;
    readonly testsPerProblem: Summary | null;
    /** Of all tests of a problem, as JSON. */
    readonly testBytes: Summary | null;
  };
}

const LENGTHS = [
  "promptCharacters",
  "promptTokens",
  "referenceCharacters",
  "testsPerProblem",
  "testBytes",
] as const satisfies ReadonlyArray<keyof DataStats["lengths"]>;

/** Counts problems as they come. Memory grows with the number of different prompts, by some tens of bytes each. */
export class StatsCounter {
  readonly #lengths = Object.fromEntries(LENGTHS.map((name) => [name, new Distribution()])) as Record<
    (typeof LENGTHS)[number],
    Distribution
  >;
  readonly #counts = new Map<string, Record<string, number>>();
  readonly #prompts = new Set<string>();
  readonly #normalised = new Set<string>();
  readonly #compositions = new Set<string>();
  #problems = 0;
  #withReference = 0;
  #hidden = 0;
  #tests = 0;

  /** @param countTokens  of a prompt, where a tokenizer is at hand */
  constructor(private readonly countTokens?: (text: string) => number) {}

  addItem(item: SourceItem): void {
    if (item.kind === "problem") this.add(item.problem);
    else this.#count(item.kind, item.reason);
  }

  add({ prompt, tests, reference, language, source, metadata }: Problem): void {
    this.#problems++;
    this.#tests += tests.length;
    this.#hidden += tests.filter(({ visible }) => visible !== true).length;
    this.#lengths.promptCharacters.add(prompt.length);
    if (this.countTokens) this.#lengths.promptTokens.add(this.countTokens(prompt));
    this.#lengths.testsPerProblem.add(tests.length);
    this.#lengths.testBytes.add(Buffer.byteLength(stringifyJson(tests)));
    if (reference !== undefined) {
      this.#withReference++;
      this.#lengths.referenceCharacters.add(reference.length);
    }
    this.#prompts.add(fingerprint(prompt));
    this.#normalised.add(fingerprint(normalised(prompt)));
    this.#count("language", language);
    this.#count("source", source);
    for (const { kind } of tests) this.#count("testKind", kind);
    for (const field of ["style", "subset", "split"]) this.#count(field, metadata[field]);
    const { composition } = metadata;
    if (typeof composition !== "string") return;
    this.#compositions.add(composition);
    this.#count("compositionLength", composition.split("|").length);
  }

  result(): DataStats {
    const by = (what: string): Counts => this.#counts.get(what) ?? {};
    return {
      problems: this.#problems,
      withReference: this.#withReference,
      tests: this.#tests,
      hiddenTests: this.#hidden,
      duplicatePrompts: this.#problems - this.#prompts.size,
      duplicateNormalisedPrompts: this.#problems - this.#normalised.size,
      compositions: this.#compositions.size,
      skipped: by("skipped"),
      malformed: by("malformed"),
      byLanguage: by("language"),
      bySource: by("source"),
      byTestKind: by("testKind"),
      byStyle: by("style"),
      bySubset: by("subset"),
      bySplit: by("split"),
      byCompositionLength: by("compositionLength"),
      lengths: Object.fromEntries(LENGTHS.map((name) => [name, this.#lengths[name].summary()])) as DataStats["lengths"],
    };
  }

  #count(what: string, value: unknown): void {
    const counts = this.#counts.get(what) ?? {};
    this.#counts.set(what, counts);
    const key = typeof value === "string" || typeof value === "number" ? String(value) : "(none)";
    counts[key] = (counts[key] ?? 0) + 1;
  }
}
