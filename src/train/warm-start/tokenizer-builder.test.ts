import { Tokenizer } from "@huggingface/tokenizers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../core/rng.js";
import { DIRTY } from "./confusions.js";
import { CLEAN_CORPUS, warmStartItems } from "./corpus.js";
import { BEGIN, buildTokenizer, END, PAD } from "./tokenizer-builder.js";

const SUBSETS = ["core", "full"] as const;
const built = Object.fromEntries(SUBSETS.map((subset) => [subset, buildTokenizer({ seed: 1, subset })]));
const tokenizers = Object.fromEntries(
  SUBSETS.map((subset) => [subset, new Tokenizer(JSON.parse(built[subset]) as object, {})]),
);

function encode(subset: string, text: string): { ids: number[]; tokens: string[] } {
  return tokenizers[subset].encode(text, { add_special_tokens: false });
}

function decode(subset: string, ids: number[]): string {
  if (ids.length === 0) return "";
  return tokenizers[subset].decode(ids, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
}

test("the same seed builds the same file", () => {
  expect(buildTokenizer({ seed: 1, subset: "core" })).toBe(built.core);
});

test.each(SUBSETS)("the vocabulary is small, without gaps, and begins with the special tokens (%s)", (subset) => {
  const { vocab } = (JSON.parse(built[subset]) as { model: { vocab: Record<string, number> } }).model;
  expect(Object.keys(vocab).length).toBeLessThanOrEqual(1024);
  expect(Object.values(vocab).toSorted((a, b) => a - b)).toEqual(Object.keys(vocab).map((_, id) => id));
  expect([PAD, END, BEGIN].map((token) => vocab[token])).toEqual([0, 1, 2]);
});

test.each(SUBSETS)("any UTF-8 text comes back (%s)", (subset) => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), (text) => {
      expect(decode(subset, encode(subset, text).ids)).toBe(text);
    }),
    { numRuns: 400 },
  );
  for (const text of ["\u0000\t\r\n", "def f(x):\n\treturn  x", "naïve — 中文 🙂", "<0x41>", "x".repeat(300)]) {
    expect(decode(subset, encode(subset, text).ids)).toBe(text);
  }
});

test.each(SUBSETS)("texts of corpus pieces and program characters come back (%s)", (subset) => {
  const pieces = fc.constantFrom(
    ...Array.from(" ,.:\"'[](){}+-*/%=<>\n0123456789"),
    "f.a",
    '": ',
    ', "',
    " == ",
    "    ",
    "add",
    "é",
    "-21",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 30 }), (parts) => {
      expect(decode(subset, encode(subset, parts.join("")).ids)).toBe(parts.join(""));
    }),
    { numRuns: 500 },
  );
});

test.each(SUBSETS)("corpus items are the same tokens in segments and as a whole, and need no bytes (%s)", (subset) => {
  const items = warmStartItems(Rng.of("unseen"), { ...CLEAN_CORPUS, subset, dirt: DIRTY });
  for (let i = 0; i < 500; i++) {
    const { segments } = items.next().value;
    const whole = encode(subset, segments.map(({ text }) => text).join(""));
    expect(segments.flatMap(({ text }) => encode(subset, text).ids)).toEqual(whole.ids);
    expect(whole.tokens.filter((token) => token.startsWith("<0x"))).toEqual([]);
  }
});

test("an integer from -20 to 60 is one token wherever it is a literal, others are digits", () => {
  for (let value = -20; value <= 60; value++) {
    for (const text of [`f(${value})`, `[${value}, 1]`, `return ${value}`, `"output": ${value}}`, `x == ${value}`]) {
      expect(encode("core", text).tokens).toContain(String(value));
    }
  }
  expect(encode("core", "[61, 123, -21]").tokens).toEqual(["[", "6", "1", ", ", "1", "2", "3", ", ", "-", "21", "]"]);
  expect(encode("core", "v - 3").tokens).toEqual(["v", " - ", "3"]);
  expect(encode("core", "x[::-1]").tokens).toEqual(["x", "[", "::", "-1", "]"]);
});

test("an answer is short", () => {
  expect(encode("core", '{"variables": {"f.a": [4, 5], "f.b": 15}, "output": 15}').tokens).toEqual([
    '{"variables": {"',
    "f.a",
    '": ',
    "[",
    "4",
    ", ",
    "5",
    "]",
    ', "',
    "f.b",
    '": ',
    "15",
    '}, "output": ',
    "15",
    "}",
  ]);
});

test("special tokens are found in text and leave none", () => {
  const { ids } = encode("core", `a${END}`);
  expect(ids[1]).toBe(1);
  expect(decode("core", ids)).toBe("a");
});
