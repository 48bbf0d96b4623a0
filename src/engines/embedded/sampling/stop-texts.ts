// Whether a sequence has come to a text that ends it. It looks at the newest tokens only: a token before was looked at
// when it was drawn.

import type { Tokenizer } from "../../engine.js";

/** @param tokens  drawn so far; the last one is new */
export function endsHere(tokens: readonly number[], stop: readonly string[], tokenizer: Tokenizer): boolean {
  // A token has a byte or more.
  const newest = tokens.slice(-Math.max(...stop.map((text) => Buffer.byteLength(text))));
  const text = tokenizer.decode(newest);
  return stop.some((end) => text.includes(end));
}
