// Builds the small tokenizer of the bundled model from the training split: whole words, one token for each integer
// from -20 to 60, the recurring pieces of answers, and 256 byte tokens so that any UTF-8 text survives. The file is a
// plain Hugging Face tokenizer.json, so that every other program reads it alike.

import { Rng } from "../../core/rng.js";
import { OPERATIONS } from "../../problems/family/operations.js";
import { PRINTABLE, starterCode } from "../../problems/family/program.js";
import { DIRTY } from "./confusions.js";
import { CLEAN_CORPUS, type CorpusOptions, warmStartItems } from "./corpus.js";

export const PAD = "<|pad|>";
export const END = "<|endoftext|>";
export const BEGIN = "<|bos|>";

const SPECIAL = [PAD, END, BEGIN];
const SMALLEST = -20;
const LARGEST = 60;
const MAX_VOCABULARY = 1024;
const ITEMS = 4000;
/** A piece has to recur to be worth a token. */
const MIN_COUNT = 3;

/** Pieces of answers that are one token each, longest first. */
const ANSWER_PIECES = ['{"variables": {"', '}, "output": ', '": ', ', "'];

/**
 * Cuts text into pieces: answers' fixed parts, qualified names, newline with indentation, operators with their spaces,
 * words with their leading space, numbers in range whole and others digit by digit, single characters. Written in the
 * part of regular expressions that JavaScript and Oniguruma read alike.
 */
function splitPattern(qualified: readonly string[]): string {
  const names = [...qualified].sort((a, b) => b.length - a.length || (a < b ? -1 : 1)).map(escape);
  return [
    ...ANSWER_PIECES.map(escape),
    ...(names.length > 0 ? [`(?:${names.join("|")})(?![A-Za-z0-9_.])`] : []),
    "\\n *",
    " (?:->|==|!=|<=|>=|\\+=|//|[-+*%<>=]) ",
    " ?[A-Za-z_]+",
    "(?<![0-9])(?:-(?:1[0-9]|20|[1-9])|[1-5]?[0-9]|60)(?![0-9])",
    "[0-9]",
    "::|\\\\n|[,:] ",
    "[^A-Za-z0-9_]",
  ].join("|");
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, (char) => (char === "/" || char === "-" ? char : `\\${char}`));
}

export interface TokenizerOptions {
  readonly seed: number;
  readonly subset: CorpusOptions["subset"];
}

/** The content of tokenizer.json; the same for the same options. */
export function buildTokenizer({ seed, subset }: TokenizerOptions): string {
  const texts = corpusTexts(seed, subset);
  const qualified = [
    ...new Set(texts.flatMap((text) => text.match(/(?<=[ "])(?:f\.|g\.|h\.|p\.)+[a-z]+(?![\w(.])/g) ?? [])),
  ].sort();
  const pattern = splitPattern(qualified);
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const [piece] of text.matchAll(new RegExp(pattern, "g"))) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  const numbers = Array.from({ length: LARGEST - SMALLEST + 1 }, (_, index) => String(SMALLEST + index));
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
  const pieces = [...counts].filter(([, count]) => count >= MIN_COUNT).flatMap(([piece]) => wholeOrLetters(piece));
  const words = [...new Set([...pieces, ...ANSWER_PIECES, "-"])].filter((piece) => !numbers.includes(piece)).sort();
  const vocabulary = [...SPECIAL, ...numbers, ...words, ...bytes];
  if (vocabulary.length > MAX_VOCABULARY) {
    throw new RangeError(`the vocabulary has ${vocabulary.length} tokens; expected at most ${MAX_VOCABULARY}`);
  }
  return `${JSON.stringify(tokenizerJson(vocabulary, pattern), null, 1)}\n`;
}

const FIXED_TEXT = [
  ...OPERATIONS.flatMap(({ exact, vague, forms }) => [...exact, ...vague, ...Object.values(forms)]),
  ...PRINTABLE.flatMap((type) => [starterCode("stdin", type), starterCode("function", type)]),
  "then return print input stdin output variables",
].join(" ");
const FIXED_WORDS = new Set(FIXED_TEXT.match(/[A-Za-z_]+/g));

/** Words that only occur as data are spelt out. */
function wholeOrLetters(piece: string): string[] {
  const word = /^ ?([A-Za-z_]{2,})$/.exec(piece)?.[1];
  return word === undefined || FIXED_WORDS.has(word) ? [piece] : piece.split("");
}

/** Clean and confused items of the training split, each as one text. */
function corpusTexts(seed: number, subset: CorpusOptions["subset"]): string[] {
  return [null, DIRTY].flatMap((dirt, index) => {
    const items = warmStartItems(Rng.of("tokenizer", seed, index), { ...CLEAN_CORPUS, subset, dirt, vague: 0.35 });
    return Array.from({ length: ITEMS }, () =>
      items
        .next()
        .value.segments.map(({ text }) => text)
        .join(""),
    );
  });
}

function tokenizerJson(vocabulary: readonly string[], pattern: string): object {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false },
    post_processor: null,
    decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }, { type: "Fuse" }] },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: true,
      ignore_merges: true,
      vocab: Object.fromEntries(vocabulary.map((piece, id) => [piece, id])),
      merges: [],
    },
  };
}
