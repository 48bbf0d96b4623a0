// 64 bits of a problem and a program, by which a failed program and the questions made of it find each other. Not for
// anything that somebody could gain by forging.

export interface Hash {
  readonly low: number;
  readonly high: number;
}

/** No program. */
const NONE: Hash = { low: 0, high: 0 };

/** Two sums over the text's UTF-16 units, each multiplied by an odd number of its own, mixed at the end. */
export function programHash(problem: string, program: string | null): Hash {
  if (program === null) return NONE;
  let low = 0x2545f491;
  let high = 0x9e3779b9;
  for (const text of [problem, "\0", program]) {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      low = Math.imul(low ^ unit, 0x01000193);
      high = Math.imul(high ^ unit, 0x5bd1e995);
      high ^= high >>> 15;
    }
  }
  return { low: mixed(low ^ high) || 1, high: mixed(high + Math.imul(low, 0x85ebca6b)) };
}

/** Every bit of the result hangs on every bit of the number. */
function mixed(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}
