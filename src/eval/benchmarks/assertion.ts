// What a line of Python claims that a call returns: `assert f(1) == [2]` and its many forms, on one line or several,
// with the sides swapped, with `is`, or within a tolerance. Read as text; nothing is run. Total.

import type { Json } from "../../core/json.js";
import { cursorAt, isMark, readKeywords, readValue, skipMark } from "../../problems/python-reader.js";
import { logicalLine, type Token } from "../../problems/python-tokens.js";

type Tokens = readonly Token[];

/** The value that a text claims `callee` returns, or that it states alone; undefined where it does neither. */
export function claimedValue(text: string, callee: string): Json | undefined {
  const { tokens, asserted } = statementIn(text);
  if (!asserted) return firstOf(literal(tokens), () => comparison(tokens, callee));
  const [claim] = split(tokens, ",");
  return truth(unwrapped(claim), callee);
}

export interface LiteralCall {
  readonly arguments: readonly Json[];
  readonly keywords: Readonly<Record<string, Json>>;
}

/** The call of `callee` in a text, alone or in a comparison; undefined where an argument is no literal. */
export function claimedCall(text: string, callee: string): LiteralCall | undefined {
  const [claim] = split(statementIn(text).tokens, ",");
  const call = split(unwrapped(claim), "==")
    .map(unwrapped)
    .find((side) => isCall(side, callee));
  return call && argumentsOf(call);
}

const ASSERTION = /^[ \t]*assert\b/gm;

/** The last assertion that begins a line, else the text's first line; without the word itself. */
function statementIn(text: string): { readonly tokens: Tokens; readonly asserted: boolean } {
  const start = [...text.matchAll(ASSERTION)].at(-1);
  const tokens = logicalLine(start ? text.slice(start.index + start[0].length) : text.trim())?.tokens ?? [];
  // A text that goes on where the question ended.
  return { tokens: isMark(tokens[0], "==") ? tokens.slice(1) : tokens, asserted: start !== undefined };
}

/** What an assertion holds true, brackets and message apart. */
function truth(claim: Tokens, callee: string): Json | undefined {
  if (isCall(claim, callee)) return true;
  if (isName(claim[0], "not") && isCall(unwrapped(claim.slice(1)), callee)) return false;
  return firstOf(comparison(claim, callee), () => closeness(claim, callee));
}

/** None is a value, too. */
function firstOf(value: Json | undefined, other: () => Json | undefined): Json | undefined {
  return value === undefined ? other() : value;
}

function comparison(claim: Tokens, callee: string): Json | undefined {
  const inside = unwrapped(claim);
  const sides = [split(inside, "=="), split(inside, "is")].find(({ length }) => length === 2);
  return sides && pair(sides[0], sides[1], callee);
}

function pair(left: Tokens, right: Tokens, callee: string): Json | undefined {
  if (isCall(unwrapped(left), callee)) return stated(right);
  return isCall(unwrapped(right), callee) ? stated(left) : undefined;
}

/** A literal, or one that is `approx`imately meant. */
function stated(side: Tokens): Json | undefined {
  const approximate = calledWith(side, "approx");
  return literal(approximate ? (split(approximate, ",")[0] ?? []) : side);
}

/** `abs(f(x) - 0.5) < 1e-6` and `math.isclose(f(x), 0.5)`. */
function closeness(claim: Tokens, callee: string): Json | undefined {
  const near = calledWith(claim, "isclose");
  if (near) return pair(split(near, ",")[0] ?? [], split(near, ",")[1] ?? [], callee);
  const bounds = [split(claim, "<"), split(claim, "<=")].find(({ length }) => length === 2);
  const distance = bounds && calledWith(unwrapped(bounds[0]), "abs");
  if (!distance) return undefined;
  // The first minus behind the first operand; one in front of a number is its sign.
  const first = split(distance.slice(1), "-")[0].length + 1;
  return pair(distance.slice(0, first), distance.slice(first + 1), callee);
}

/** Of all tokens, and no more. */
function literal(tokens: Tokens): Json | undefined {
  const cursor = cursorAt(tokens);
  const value = readValue(cursor);
  return cursor.at === tokens.length ? value : undefined;
}

/** `f(...)`, also as a method: `Solution().f(...)`. */
function isCall(tokens: Tokens, callee: string): boolean {
  return calledWith(tokens, callee) !== undefined;
}

/** What stands between the brackets of a call that is all of the tokens. */
function calledWith(tokens: Tokens, callee: string): Tokens | undefined {
  const at = tokens.findIndex((token, index) => isName(token, callee) && isMark(tokens[index + 1], "("));
  if (at < 0 || closing(tokens, at + 1) !== tokens.length - 1) return undefined;
  const owner = tokens.slice(0, at);
  const plain = owner.every((token) => token.kind === "name" || (token.kind === "mark" && ".()".includes(token.text)));
  return plain && (at === 0 || isMark(owner.at(-1), ".")) ? tokens.slice(at + 2, -1) : undefined;
}

function argumentsOf(call: Tokens): LiteralCall | undefined {
  const cursor = cursorAt(call, call.findIndex((token) => isMark(token, "(")) + 1);
  const values: Json[] = [];
  for (let comma = true; !isKeyword(call, cursor.at); comma = skipMark(cursor, ",")) {
    if (skipMark(cursor, ")")) return { arguments: values, keywords: {} };
    const value = comma ? readValue(cursor) : undefined;
    if (value === undefined) return undefined;
    values.push(value);
  }
  const keywords = readKeywords(cursor);
  return keywords && { arguments: values, keywords: Object.fromEntries(keywords) };
}

function isKeyword(tokens: Tokens, at: number): boolean {
  return tokens[at]?.kind === "name" && isMark(tokens[at + 1], "=");
}

function isName(token: Token | undefined, text: string): boolean {
  return token?.kind === "name" && token.text === text;
}

function step(token: Token): number {
  if (token.kind !== "mark") return 0;
  return "([{".includes(token.text) ? 1 : ")]}".includes(token.text) ? -1 : 0;
}

/** Where the bracket that opens at a place closes. */
function closing(tokens: Tokens, open: number): number {
  let depth = 0;
  return tokens.findIndex((token, index) => {
    if (index >= open) depth += step(token);
    return index >= open && depth === 0;
  });
}

/** The parts between a mark or a word outside of brackets. */
function split(tokens: Tokens, separator: string): Tokens[] {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    depth += step(token);
    if (depth === 0 && (isMark(token, separator) || isName(token, separator))) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return parts;
}

/** Around one whole expression; nobody means more. */
const MAXIMUM_BRACKETS = 5;

/** Without the brackets around all of it. */
function unwrapped(tokens: Tokens): Tokens {
  let inner = tokens;
  for (let taken = 0; taken < MAXIMUM_BRACKETS && isMark(inner[0], "("); taken++) {
    if (closing(inner, 0) !== inner.length - 1) break;
    inner = inner.slice(1, -1);
  }
  return inner;
}
