import fc from "fast-check";
import { expect, it } from "vitest";
import { readTokenizer } from "../engines/embedded/model/tokenizer.js";
import type { Tokenizer } from "../engines/engine.js";
import { bundled } from "../problems/bundled.js";
import { tokenLengths } from "./token-lengths.js";

const part = { vocabularySize: 256, endIds: [], padId: 0, start: "", chat: undefined };
/** A token a byte. */
const bytes: Tokenizer = {
  ...part,
  encode: (text) => [...new TextEncoder().encode(text)],
  decode: (ids) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(Uint8Array.from(ids)),
};
/** A token a word, each with a space before it, of which the first is left out of the text. */
const words: Tokenizer = {
  ...part,
  encode: (text) => text.split(" ").map(Number),
  decode: (ids) => ids.join(" "),
};

function pieces(tokenizer: Tokenizer, tokens: readonly number[]): string[] {
  const completion = tokenizer.decode(tokens);
  let end = 0;
  return tokenLengths(tokenizer, tokens, completion).map((length) => completion.slice(end, (end += length)));
}

it("gives a character's text to the last of its tokens", () => {
  expect(pieces(bytes, bytes.encode("aé😀b"))).toEqual(["a", "", "é", "", "", "", "😀", "b"]);
});

it("gives the space between two words to the second", () => {
  expect(pieces(words, [7, 12, 7])).toEqual(["7", " 12", " 7"]);
});

it("finds the tokens of the bundled model where they stand", () => {
  const tokenizer = readTokenizer(bundled("bundled", "model"));
  const tokens = tokenizer.encode("def f(x):\n    return x + 1\n");
  expect(pieces(tokenizer, tokens)).toEqual(tokens.map((id) => tokenizer.decode([id])));
});

it("accounts for every text of a tokenizer by bytes, character by character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const tokens = bytes.encode(text);
      const filled = pieces(bytes, tokens).filter((piece) => piece !== "");
      expect(filled).toEqual(Array.from(text));
    }),
  );
});

it("accounts for bytes that are no text, without splitting more than there is", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 40 }), (tokens) => {
      const lengths = tokenLengths(bytes, tokens, bytes.decode(tokens));
      expect(lengths.every((length) => length >= 0)).toBe(true);
      expect(pieces(bytes, tokens).join("")).toBe(bytes.decode(tokens));
      expect(lengths.length).toBe(tokens.length);
    }),
  );
});
