import { describe, expect, it } from "vitest";
import { Rng } from "../../../core/rng.js";
import type { DecoderConfig } from "../model/config.js";
import { TEST_CONFIG } from "../test-model.js";
import { type CachedRow, KeyValueCache, mostRows } from "./key-value-cache.js";

const SHAPES = [
  { heads: 4, keyValueHeads: 4, headSize: 24 },
  { heads: 6, keyValueHeads: 2, headSize: 8 },
  { heads: 3, keyValueHeads: 1, headSize: 64 },
  { heads: 2, keyValueHeads: 2, headSize: 38 },
];

/** One row as plain arrays: each layer's keys and values, a list of [N C] a token. */
interface PlainRow {
  readonly keys: Float32Array[][];
  readonly values: Float32Array[][];
}

/** softmax(q . k / sqrt(C)) v in doubles, of one row. */
function plainAttention(
  config: DecoderConfig,
  query: Float32Array,
  { keys, values }: PlainRow,
  layer: number,
): number[] {
  const { heads, keyValueHeads, headSize } = config;
  return Array.from({ length: heads }, (_, head) => {
    const of = (row: Float32Array): Float32Array => {
      const start = Math.floor((head * keyValueHeads) / heads) * headSize;
      return row.subarray(start, start + headSize);
    };
    const own = query.subarray(head * headSize, (head + 1) * headSize);
    const powers = keys[layer].map((key) => {
      const score = of(key).reduce((sum, value, channel) => sum + value * own[channel], 0);
      return Math.exp(score / Math.sqrt(headSize));
    });
    const total = powers.reduce((a, b) => a + b, 0);
    return Array.from({ length: headSize }, (__, channel) =>
      powers.reduce((sum, power, token) => sum + (power / total) * of(values[layer][token])[channel], 0),
    );
  }).flat();
}

class Walk {
  readonly #config: DecoderConfig;
  readonly #cache: KeyValueCache;
  readonly #rng: Rng;

  constructor(config: DecoderConfig, cache: KeyValueCache, seed: string) {
    this.#config = config;
    this.#cache = cache;
    this.#rng = Rng.of(seed);
  }

  numbers(length: number): Float32Array {
    return Float32Array.from({ length }, () => this.#rng.normal());
  }

  /** A prompt of this length in the cache, and the same in plain arrays for each of its rows. */
  prompt(length: number, rows: number): Array<{ cached: CachedRow; plain: PlainRow }> {
    const { layers, keyValueHeads, headSize } = this.#config;
    const stride = length + 3;
    const part = (): Float32Array => this.numbers(keyValueHeads * stride * headSize);
    const stored = Array.from({ length: layers }, () => ({ keys: part(), values: part() }));
    const place = { keys: [1, stride], values: [headSize, 1] };
    const lines = (heads: Float32Array, kind: keyof typeof place): Float32Array[] =>
      Array.from({ length }, (_, token) =>
        Float32Array.from({ length: keyValueHeads * headSize }, (__, at) => {
          const [head, channel] = [Math.floor(at / headSize), at % headSize];
          const [ofToken, ofChannel] = place[kind];
          return heads[head * stride * headSize + token * ofToken + channel * ofChannel];
        }),
      );
    return this.#cache
      .addPrompt(rows, length, stride, (layer) => stored[layer])
      .map((cached) => ({
        cached,
        plain: {
          keys: stored.map(({ keys }) => lines(keys, "keys")),
          values: stored.map(({ values }) => lines(values, "values")),
        },
      }));
  }

  /** One more token a row, and the largest difference from plain arithmetic. */
  step(rows: ReadonlyArray<{ cached: CachedRow; plain: PlainRow }>): number {
    const { layers, heads, keyValueHeads, headSize } = this.#config;
    this.#cache.beginToken(rows.map(({ cached }) => cached));
    let worst = 0;
    for (let layer = 0; layer < layers; layer++) {
      const line = keyValueHeads * headSize;
      const query = this.numbers(rows.length * heads * headSize);
      const [keys, values] = [this.numbers(rows.length * line), this.numbers(rows.length * line)];
      const read = this.#cache.attend(layer, { query, keys, values });
      for (const [index, { plain }] of rows.entries()) {
        plain.keys[layer].push(keys.slice(index * line, (index + 1) * line));
        plain.values[layer].push(values.slice(index * line, (index + 1) * line));
        const own = query.subarray(index * heads * headSize, (index + 1) * heads * headSize);
        for (const [at, expected] of plainAttention(this.#config, own, plain, layer).entries()) {
          worst = Math.max(worst, Math.abs(read[index * heads * headSize + at] - expected));
        }
      }
    }
    return worst;
  }
}

describe("attention over the pages of the cache", () => {
  for (const shape of SHAPES) {
    const config = { ...TEST_CONFIG, ...shape };
    it(`is that of plain arithmetic for ${JSON.stringify(shape)}, prompts shared and not`, () => {
      const cache = new KeyValueCache(config);
      for (const round of [0, 1]) {
        cache.reset(12, 80);
        const walk = new Walk(config, cache, `walk ${round}`);
        const groups = [
          walk.prompt(1, 1),
          walk.prompt(37, 3),
          walk.prompt(16, 2),
          walk.prompt(15, 2),
          walk.prompt(48, 1),
        ];
        let rows = groups.flat();
        for (let step = 0; step < 35; step++) {
          expect(walk.step(rows), `round ${round}, step ${step}`).toBeLessThan(2e-6);
          // Rows end at different steps; what they held is taken by others.
          if (step % 6 === 5) {
            const [ended] = rows.splice(step % rows.length, 1);
            cache.release(ended.cached);
            rows = [...rows];
          }
        }
      }
    });
  }

  it("has a limit on rows that half a WebAssembly memory keeps", () => {
    const large = { ...TEST_CONFIG, layers: 28, keyValueHeads: 4, headSize: 128 };
    const tokenBytes = 2 * 28 * 4 * 128 * 4;
    expect(mostRows(large, 2048)).toBe(Math.floor(2 ** 31 / ((2048 + 16) * tokenBytes)));
    expect(mostRows(large, 100_000)).toBe(1);
    expect(mostRows(TEST_CONFIG, 128)).toBeGreaterThan(1000);
  });

  it("gives a row the same bits with and without rows that share its prompt", () => {
    const config = { ...TEST_CONFIG, ...SHAPES[1] };
    const read = (rows: number): Float32Array => {
      const cache = new KeyValueCache(config);
      cache.reset(4, 64);
      const walk = new Walk(config, cache, "shared");
      const group = walk.prompt(40, rows);
      cache.beginToken(group.map(({ cached }) => cached));
      const rng = Rng.of("token");
      const numbers = (length: number): Float32Array => Float32Array.from({ length }, () => rng.normal());
      const [query, keys, values] = [numbers(48), numbers(16), numbers(16)];
      const repeated = (line: Float32Array): Float32Array =>
        Float32Array.from({ length: rows * line.length }, (_, at) => line[at % line.length]);
      const result = cache.attend(1, { query: repeated(query), keys: repeated(keys), values: repeated(values) });
      return result.slice(-48);
    };
    expect(read(4)).toEqual(read(1));
  });
});
