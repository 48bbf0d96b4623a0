// All benchmarks by name. One line a benchmark.

import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";
import type { Benchmark } from "./benchmark.js";
import { codeReasoning } from "./code-reasoning.js";
import { cruxevalInput } from "./cruxeval-input.js";
import { cruxevalOutput } from "./cruxeval-output.js";
import { humaneval } from "./humaneval.js";
import { humanevalPlus } from "./humaneval-plus.js";
import { leetcode } from "./leetcode.js";
import { livecodebench } from "./livecodebench.js";
import { mbpp } from "./mbpp.js";
import { mbppPlus } from "./mbpp-plus.js";
import { testOutput } from "./test-output.js";

export const benchmarks: readonly Benchmark[] = [
  humaneval,
  leetcode,
  livecodebench,
  codeReasoning,
  testOutput,
  humanevalPlus,
  mbpp,
  mbppPlus,
  cruxevalInput,
  cruxevalOutput,
];

/** @throws UsageError with the nearest known name */
export function benchmarkNamed(name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found) return found;
  const names = benchmarks.map(({ name }) => name);
  throw new UsageError(`unknown benchmark "${name}"${suggestion(name, names)}`);
}
