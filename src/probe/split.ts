// Training, validation and test rows. A program, with all its variables and inputs, is in one of them.

import { Rng } from "../core/rng.js";

export interface Split {
  /** Row numbers, ascending. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

/**
 * 80 % of the programs, 10 % and 10 %, drawn by the seed.
 *
 * @param programs  [rows] the program of each row
 */
export function splitByProgram(programs: readonly string[], seed: number): Split {
  const order = Rng.of("probe split", seed).shuffled([...new Set(programs)]);
  const part = new Map(order.map((program, i) => [program, (i * 10) / order.length]));
  const rowsOf = (low: number, high: number): number[] =>
    programs.flatMap((program, row) => {
      const at = part.get(program) ?? 0;
      return at >= low && at < high ? [row] : [];
    });
  return { training: rowsOf(0, 8), validation: rowsOf(8, 9), test: rowsOf(9, 10) };
}
