// A tokenizer of real size for the simulation: byte-level BPE in the layout of Qwen2.5's files, its merges learnt from the
// text at hand, its vocabulary filled up to the size of theirs. It is nobody's: it cuts prose and programs into about as
// many tokens as one that was learnt from more, and costs as much memory.

import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const LAYOUT = fileURLToPath(new URL("../../src/engines/embedded/model/fixtures/qwen2.5", import.meta.url));

/** Of Qwen2.5, without its special tokens. */
const VOCABULARY = 151_643;
/** Further merges would make words of this text alone. */
const LEARNT = 12_000;
/** Pairs that are merged before all are counted anew. */
const PER_ROUND = 150;

interface TokenizerFile {
  readonly added_tokens: Array<{ id: number; readonly content: string }>;
  readonly model: { vocab: Record<string, number>; merges: Array<readonly [string, string]> };
  readonly pre_tokenizer: { readonly pretokenizers: ReadonlyArray<{ readonly pattern?: { readonly Regex: string } }> };
}

/** Writes the files of a model folder that have to do with text. */
export function writeTokenizer(folder: string, text: string): void {
  cpSync(LAYOUT, folder, { recursive: true });
  const path = join(folder, "tokenizer.json");
  const file = JSON.parse(readFileSync(path, "utf8")) as TokenizerFile;
  const pattern = file.pre_tokenizer.pretokenizers[0].pattern?.Regex ?? "";
  const merges = learn(words(text, pattern));
  const vocabulary = [...BYTES, ...merges.map((pair) => pair.join(""))];
  const known = new Set(vocabulary);
  for (let i = 0; known.size < VOCABULARY; i++) {
    const pair = [vocabulary[256 + (i % 4096)], vocabulary[256 + Math.floor(i / 4096)]] as const;
    if (known.has(pair.join(""))) continue;
    known.add(pair.join(""));
    merges.push(pair);
  }
  file.model.vocab = Object.fromEntries([...known].map((token, id) => [token, id]));
  file.model.merges = merges;
  const ids = new Map<string, number>();
  for (const [i, token] of file.added_tokens.entries()) {
    token.id = known.size + i;
    ids.set(token.content, token.id);
  }
  writeFileSync(path, JSON.stringify(file));
  const ends = ["<|im_end|>", "<|endoftext|>"].map((content) => ids.get(content));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model_type: "qwen2", eos_token_id: ends[0] }));
  writeFileSync(join(folder, "generation_config.json"), JSON.stringify({ eos_token_id: ends }));
}

/** Each byte as the character that byte-level tokenizers write for it (GPT-2). */
const BYTES: readonly string[] = (() => {
  const printable = (byte: number): boolean => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : next++));
})();

interface Word {
  symbols: string[];
  count: number;
}

function words(text: string, pattern: string): Word[] {
  // What Oniguruma scopes to a group, JavaScript has for the whole only: nothing else in it has a case.
  const pieces = text.match(new RegExp(pattern.replace("(?i:", "(?:"), "giu")) ?? [];
  const counts = new Map<string, number>();
  for (const piece of pieces) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  return [...counts].map(([piece, count]) => ({
    symbols: Array.from(Buffer.from(piece), (byte) => BYTES[byte]),
    count,
  }));
}

/** Merges, most frequent first in each round. */
function learn(from: readonly Word[]): Array<readonly [string, string]> {
  const merges: Array<readonly [string, string]> = [];
  const made = new Set<string>(BYTES);
  while (merges.length < LEARNT) {
    const counts = new Map<string, number>();
    for (const { symbols, count } of from) {
      for (let i = 1; i < symbols.length; i++) {
        const pair = `${symbols[i - 1]} ${symbols[i]}`;
        counts.set(pair, (counts.get(pair) ?? 0) + count);
      }
    }
    const best = [...counts]
      .sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
      .slice(0, Math.min(PER_ROUND, LEARNT - merges.length))
      .map(([pair]) => pair.split(" ") as [string, string])
      .filter((pair) => !made.has(pair.join("")));
    if (best.length === 0) break;
    for (const pair of best) made.add(pair.join(""));
    merges.push(...best);
    const ranks = new Map(best.map((pair, rank) => [pair.join(" "), rank]));
    for (const word of from) word.symbols = merged(word.symbols, ranks);
  }
  return merges;
}

function merged(symbols: readonly string[], ranks: ReadonlyMap<string, number>): string[] {
  let result = [...symbols];
  for (;;) {
    let [at, rank] = [-1, Number.POSITIVE_INFINITY];
    for (let i = 1; i < result.length; i++) {
      const found = ranks.get(`${result[i - 1]} ${result[i]}`) ?? Number.POSITIVE_INFINITY;
      if (found < rank) [at, rank] = [i, found];
    }
    if (at < 0) return result;
    result = [...result.slice(0, at - 1), result[at - 1] + result[at], ...result.slice(at + 1)];
  }
}
