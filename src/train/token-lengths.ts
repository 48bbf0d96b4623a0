// Which part of a completion's text each of its tokens is. Tokens are not always text: one character of several bytes may
// be several tokens, and some tokenizers write a token otherwise at the beginning.

import type { Tokenizer } from "../engines/engine.js";

/** What a decoder writes for bytes that are not yet a character. */
const INCOMPLETE = "\ufffd";
/** A character has at most four bytes: what is still none after this many tokens never will be one. */
const MOST_TOKENS = 4;

const known = new WeakMap<Tokenizer, Map<number, string>>();

/**
 * The length of each token's text, in UTF-16 units; 0 for a token that ends inside a character, whose text is the last
 * one's. Their sum is the completion's length.
 *
 * @param tokens      [T]
 * @param completion  their text
 * @returns           [T]
 */
export function tokenLengths(tokenizer: Tokenizer, tokens: readonly number[], completion: string): number[] {
  const alone = tokens.map((id) => textOf(tokenizer, id));
  if (alone.join("") === completion) return alone.map((text) => text.length);
  return lengthsInContext(tokenizer, tokens, completion.length);
}

/** Most tokens are the same text wherever they stand. */
function textOf(tokenizer: Tokenizer, id: number): string {
  let texts = known.get(tokenizer);
  if (!texts) known.set(tokenizer, (texts = new Map()));
  let text = texts.get(id);
  if (text === undefined) texts.set(id, (text = tokenizer.decode([id])));
  return text;
}

/** Each token's text is what it adds to that of the tokens since the last whole character. */
function lengthsInContext(tokenizer: Tokenizer, tokens: readonly number[], total: number): number[] {
  const lengths: number[] = [];
  let [context, done, sum] = [0, 0, 0];
  for (let t = 0; t < tokens.length; t++) {
    const text = tokenizer.decode(tokens.slice(context, t + 1));
    const whole = t === tokens.length - 1 || t - done + 1 >= MOST_TOKENS || !text.endsWith(INCOMPLETE);
    const before = whole ? tokenizer.decode(tokens.slice(context, done)).length : text.length;
    const length = Math.min(Math.max(text.length - before, 0), total - sum);
    lengths.push(length);
    sum += length;
    if (whole) [context, done] = [done, t + 1];
  }
  // What decoding by parts has not accounted for.
  if (lengths.length > 0) lengths[lengths.length - 1] += total - sum;
  return lengths;
}
