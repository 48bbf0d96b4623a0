// exp of four numbers at once, for WebAssembly, which has none. The method is the usual one: exp(x) = 2^n exp(r) with
// n whole and |r| <= ln(2) / 2, where a polynomial is exact to the last bit or two.

import { type Code, type Declare, f32, f32x4, i32, i32x4 } from "./assembler.js";

/** Below, the result is nothing beside 1; much further down it would not be a normal number, which is slow. */
const LEAST = -60;
/** ln(2) in two parts, so that a multiple of the first is exact. */
const LN2_HIGH = 0.693359375;
const LN2_LOW = Math.LN2 - LN2_HIGH;
/** exp(r) = 1 + r + r^2 / 2 + ...: the rest of Taylor's series is below 1e-8 there. */
const COEFFICIENTS = [1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1, 1];
const EXPONENT_BIAS = 127;
const MANTISSA_BITS = 23;

/**
 * @param x  of 0 or below; what is below {@link LEAST} counts as that
 * @returns  instructions that work it out, then the code of the result
 */
export function exponential(x: Code, declare: Declare): { readonly steps: Code; readonly result: Code } {
  const [rest, whole, power] = [declare("v128"), declare("v128"), declare("v128")];
  const splat = (value: number): Code => f32x4.splat(f32.constant(value));
  const without = (part: number): Code => rest.set(f32x4.subtract(rest.get, f32x4.multiply(whole.get, splat(part))));
  const [first, ...others] = COEFFICIENTS;
  const steps = [
    ...rest.set(f32x4.maximum(x, splat(LEAST))),
    ...whole.set(f32x4.nearest(f32x4.multiply(rest.get, splat(1 / Math.LN2)))),
    ...without(LN2_HIGH),
    ...without(LN2_LOW),
    ...power.set(splat(first)),
    ...others.flatMap((coefficient) => power.set(f32x4.add(f32x4.multiply(power.get, rest.get), splat(coefficient)))),
  ];
  const exponent = i32x4.add(i32x4.truncate(whole.get), i32x4.splat(i32.constant(EXPONENT_BIAS)));
  return { steps, result: f32x4.multiply(power.get, i32x4.shiftLeft(exponent, i32.constant(MANTISSA_BITS))) };
}
