// Python's numerals as tagged values: any base, underscores, floats, imaginary numbers. Not here: what surrounds them.

import { Float, floatText, type Json } from "../core/json.js";

export type Numeral =
  | { readonly imaginary: false; readonly value: number | bigint | Float }
  | { readonly imaginary: true; readonly value: Float };

const DIGITS = String.raw`\d(?:_?\d)*`;
const INTEGER = /^(?:[1-9](?:_?\d)*|0(?:_?0)*)$/;
const OTHER_BASE = /^0(?:x(?:_?[\da-f])+|o(?:_?[0-7])+|b(?:_?[01])+)$/i;
const DECIMAL = new RegExp(`^(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:e[-+]?${DIGITS})?(j?)$`, "i");
/** Python itself refuses longer decimal integers in a program. */
const MAXIMUM_LENGTH = 4300;

/** Undefined for what Python does not read as a number. */
export function numeralOf(text: string): Numeral | undefined {
  if (text.length > MAXIMUM_LENGTH) return undefined;
  const plain = text.replaceAll("_", "");
  if (INTEGER.test(text) || OTHER_BASE.test(text)) {
    const value = Number(plain);
    return { imaginary: false, value: Number.isSafeInteger(value) ? value : BigInt(plain) };
  }
  const [, mark] = DECIMAL.exec(text) ?? [];
  // An integer with zeros in front, which only an imaginary number may have.
  if (mark === undefined || (mark === "" && !/[.e]/i.test(text))) return undefined;
  const value = new Float(Number(mark === "" ? plain : plain.slice(0, -1)));
  return mark === "" ? { imaginary: false, value } : { imaginary: true, value };
}

export function negated({ imaginary, value }: Numeral): Numeral {
  if (value instanceof Float) return { imaginary, value: new Float(-value.value) } as Numeral;
  // Not `-0`, which no int is.
  return { imaginary: false, value: typeof value === "bigint" ? -value : 0 - value };
}

/** A complex number as `repr` writes it: it has no tag of its own. */
export function complexValue(real: Numeral["value"], imaginary: Float): Json {
  const size = Number(real instanceof Float ? real.value : real);
  const part = (value: number): string => floatText(value).replace(/\.0$/, "").replace("Infinity", "inf");
  if (Object.is(size, 0)) return { $repr: `${part(imaginary.value)}j` };
  const sign = imaginary.value < 0 || Object.is(imaginary.value, -0) ? "" : "+";
  return { $repr: `(${part(size)}${sign}${part(imaginary.value)}j)` };
}
