import { describe, expect, it } from "vitest";
import { decodeNumbers, encodeNumbers } from "./number-formats.js";

function halves(type: "BF16" | "F16", numbers: Float32Array): Uint16Array {
  return new Uint16Array(encodeNumbers(type, numbers).buffer);
}

function numbers(type: "BF16" | "F16", bits: Uint16Array): Float32Array {
  const target = new Float32Array(bits.length);
  decodeNumbers(type, new Uint8Array(bits.buffer), target);
  return target;
}

const ALL = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits);

describe.each(["BF16", "F16"] as const)("numbers stored as %s", (type) => {
  const values = numbers(type, ALL);
  const infinity = type === "BF16" ? 0x7f80 : 0x7c00;

  it("come back to the bit, all 65,536 of them", () => {
    const back = halves(type, values);
    for (const bits of ALL) {
      if (Number.isNaN(values[bits])) expect(Number.isNaN(numbers(type, back.slice(bits, bits + 1))[0])).toBe(true);
      else if (back[bits] !== bits) expect(back[bits]).toBe(bits);
    }
  });

  it("are rounded to the nearest, ties to even, of either sign", () => {
    for (let bits = 0; bits < infinity - 1; bits++) {
      const [low, high] = [values[bits], values[bits + 1]];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      const near = Math.max(middle * 2 ** -20, 2 ** -149);
      const given = Float32Array.of(middle, middle - near, middle + near, -middle);
      const [tie, below, above, negative] = halves(type, given);
      if (tie !== even || below !== bits || above !== bits + 1 || negative !== (even | 0x8000)) {
        expect({ tie, below, above, negative }, `between ${low} and ${high}`).toBe("rounded");
      }
    }
  });

  it("that are too large are an error, not infinity", () => {
    const largest = values[infinity - 1];
    expect(halves(type, Float32Array.of(largest, Number.NEGATIVE_INFINITY))).toEqual(
      Uint16Array.of(infinity - 1, infinity | 0x8000),
    );
    const beyond = largest + (largest - values[infinity - 2]) / 2;
    expect(() => encodeNumbers(type, Float32Array.of(1, -beyond))).toThrow(`beyond the largest number of ${type}`);
  });

  it("stay NaN whatever their other bits", () => {
    const odd = new Float32Array(Uint32Array.of(0x7fffffff, 0xffffffff, 0x7f800001).buffer);
    expect([...numbers(type, halves(type, odd))]).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });
});
