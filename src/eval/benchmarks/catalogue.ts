// All benchmarks by name. One line a benchmark.

import { UsageError } from "../../core/errors.js";
import { suggestion } from "../../core/schema.js";
import type { Benchmark } from "./benchmark.js";
import { humaneval } from "./humaneval.js";
import { humanevalPlus } from "./humaneval-plus.js";
import { leetcode } from "./leetcode.js";
import { livecodebench } from "./livecodebench.js";
import { mbpp } from "./mbpp.js";
import { mbppPlus } from "./mbpp-plus.js";

export const benchmarks: readonly Benchmark[] = [humaneval, leetcode, livecodebench, humanevalPlus, mbpp, mbppPlus];

/** @throws UsageError with the nearest known name */
export function benchmarkNamed(name: string): Benchmark {
  const found = benchmarks.find((benchmark) => benchmark.name === name);
  if (found) return found;
  const names = benchmarks.map(({ name }) => name);
  throw new UsageError(`unknown benchmark "${name}"${suggestion(name, names)}`);
}
