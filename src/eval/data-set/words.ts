// Prompts as what is compared of them: a text without the differences that mean nothing, and runs of words.

import { createHash } from "node:crypto";

/** Case, spacing and the forms of characters that Unicode holds equal are gone; signs stay, for they tell tasks apart. */
export function normalised(text: string): string {
  return text.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();
}

/** 96 bits of a text: enough to hold millions apart. */
export function fingerprint(text: string): string {
  return createHash("sha256").update(text).digest("base64").slice(0, 16);
}

/** Runs of letters and digits in lower case. */
function wordsOf(text: string): string[] {
  return (
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}

/**
 * The different runs of `length` words, as 53-bit hashes; of a shorter text, the one run that is the whole of it.
 *
 * @returns nothing for a text without words
 */
export function gramsOf(text: string, length: number): Set<number> {
  const words = wordsOf(text);
  const hashes = words.map(hashOf);
  const grams = new Set<number>();
  const last = Math.max(0, words.length - length);
  for (let start = 0; words.length > 0 && start <= last; start++) {
    grams.add(combined(hashes, start, Math.min(words.length, start + length)));
  }
  return grams;
}

interface WordHash {
  readonly high: number;
  readonly low: number;
}

/** FNV-1a from two starts. */
function hashOf(word: string): WordHash {
  let high = 0x811c9dc5;
  let low = 0x050c5d1f;
  for (let at = 0; at < word.length; at++) {
    const unit = word.charCodeAt(at);
    high = Math.imul(high ^ unit, 0x01000193);
    low = Math.imul(low ^ unit, 0x85ebca6b);
  }
  return { high, low };
}

function combined(hashes: readonly WordHash[], from: number, to: number): number {
  let high = 17;
  let low = 31;
  for (let at = from; at < to; at++) {
    high = mixed(Math.imul(high, 0x9e3779b1) ^ hashes[at].high);
    low = mixed(Math.imul(low, 0xc2b2ae35) ^ hashes[at].low);
  }
  return (high >>> 0) * 2 ** 21 + (low >>> 11);
}

/** Spreads what differs in any bit over all of them. */
function mixed(value: number): number {
  const once = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return once ^ (once >>> 13);
}
