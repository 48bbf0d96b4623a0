// What a check of a data set comes to: a line for each thing that may be wrong, with the first examples.

import { placeText } from "../../problems/sources/source.js";
import { type Checked, isKept } from "./check.js";
import { type FindingKind, findingKinds } from "./finding.js";

/** One thing that was looked for. */
export interface CheckResult {
  readonly name: string;
  readonly about: string;
  /** How many it was looked for in. */
  readonly checked: number;
  readonly failed: number;
  /** Whether what has it is no good; else it is only worth knowing. */
  readonly drops: boolean;
  /** The first of them, one line each. */
  readonly failures: readonly string[];
}

const EXAMPLES = 1000;
const kinds = Object.keys(findingKinds) as FindingKind[];

/** Which findings come of running programs. */
const RUN: ReadonlySet<FindingKind> = new Set([
  "unusable tests",
  "trivial tests",
  "wrong reference",
  "unsteady reference",
  "slow reference",
]);
const OF_REFERENCES: ReadonlySet<FindingKind> = new Set(["wrong reference", "unsteady reference", "slow reference"]);

export class CheckTally {
  rows = 0;
  problems = 0;
  kept = 0;
  programs = 0;
  readonly skipped: Record<string, number> = {};
  readonly #found = new Map<FindingKind, { count: number; readonly examples: string[] }>();
  #ran = 0;
  #references = 0;

  add(checked: Checked): void {
    const { problem, findings, skipped, programs, where } = checked;
    this.rows++;
    this.programs += programs;
    if (skipped !== null) this.skipped[skipped] = (this.skipped[skipped] ?? 0) + 1;
    if (problem !== null) this.problems++;
    if (programs > 0) this.#ran++;
    if (programs > 0 && problem?.reference !== undefined) this.#references++;
    if (isKept(checked)) this.kept++;
    for (const { kind, detail } of findings) {
      const found = this.#found.get(kind) ?? { count: 0, examples: [] };
      this.#found.set(kind, found);
      found.count++;
      const name = problem === null ? "" : ` ${problem.id}`;
      if (found.examples.length < EXAMPLES) found.examples.push(`${placeText(where)}${name}: ${detail}`);
    }
  }

  /** How far it is, in a few words. */
  text(): string {
    return `${this.rows} rows, ${this.problems - this.kept} to drop${this.programs > 0 ? `, ${this.programs} programs run` : ""}`;
  }

  /** A line for everything that was looked for; what was not asked for is left out. */
  results(asked: { readonly against: boolean; readonly before: boolean }): CheckResult[] {
    const wanted = kinds.filter((kind) => {
      if (kind === "overlaps evaluation") return asked.against;
      if (kind === "dated in evaluation") return asked.before;
      return !RUN.has(kind) || this.#ran > 0 || this.#found.has(kind);
    });
    return wanted.map((kind) => {
      const { count = 0, examples = [] } = this.#found.get(kind) ?? {};
      const { about, drops } = findingKinds[kind];
      return { name: kind, about, checked: this.#checked(kind), failed: count, drops, failures: examples };
    });
  }

  #checked(kind: FindingKind): number {
    if (kind === "malformed row") return this.rows;
    if (OF_REFERENCES.has(kind)) return this.#references;
    return RUN.has(kind) ? this.#ran : this.problems;
  }
}
