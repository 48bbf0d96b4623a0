// What CRUXEval's two benchmarks have in common (Gu et al. 2024, arXiv 2401.03065): 800 functions `f` with an input and
// its output. CodeRL+ does not evaluate on it: `official` is how CRUXEval's authors ask chat models, `upstream` how they
// ask models that continue a text. Both directly, without a chain of thought.

import { type Row, textOf } from "../../problems/sources/row.js";
import type { Decoding } from "../policies/policy.js";
import type { Benchmark, PromptStyle, Task } from "./benchmark.js";
import { readTaskRows } from "./task-file.js";

export interface CruxevalRow {
  readonly id: string;
  /** Of the function `f`. */
  readonly code: string;
  /** The arguments, as they stand between its brackets. */
  readonly input: string;
  readonly output: string;
}

const FIELDS = ["id", "code", "input", "output"];

function rowOf(row: Row): CruxevalRow {
  const [id, code, input, output] = FIELDS.map((field) => textOf(row, field));
  return { id, code, input, output };
}

const STOP = ["[/ANSWER]"];
const DECODING: Readonly<Record<PromptStyle, Decoding>> = {
  official: { samples: 10, temperature: 0.2, topP: 1, maximumTokens: 100, stop: STOP },
  upstream: { samples: 10, temperature: 0.2, topP: 0.95, maximumTokens: 1024, contextTokens: 1024, stop: STOP },
};

export function cruxeval(name: string, about: string, taskOf: (row: CruxevalRow) => Task): Benchmark {
  return {
    name,
    about,
    licence: "MIT",
    file: { kind: "bundled", path: "cruxeval/cruxeval.jsonl.gz" },
    decoding: DECODING,
    load: (path) => readTaskRows(path, { name: "CRUXEval", fields: FIELDS }, (row) => taskOf(rowOf(row))),
  };
}
