// What one head does with pages of keys and values, as WebAssembly functions: append a token, score queries against
// keys, softmax, mix values. A page holds a few tokens: keys [C, PAGE_TOKENS], so that a vector holds one channel of
// four keys and no sum runs across lanes, then values [PAGE_TOKENS, C]. Addresses and strides are bytes; a list of pages
// holds addresses, i32, behind each of which the head's page lies `offset` further.

import {
  type Code,
  count,
  type Declare,
  type FunctionSpec,
  f32,
  f32x4,
  i32,
  type Local,
  least,
  type Type,
} from "./assembler.js";
import { exponential } from "./exponential.js";

/** Four vectors: enough sums at once to hide an addition's latency. */
export const PAGE_TOKENS = 16;
const LANES = 4;
export const FLOAT = 4;
const VECTOR = LANES * FLOAT;
const SCORE_VECTORS = PAGE_TOKENS / LANES;
/** Sums held at once while values are mixed: half of the 16 registers that V8 uses. */
const MIX_VECTORS = 8;
/** From one channel of a page's keys to the next. */
const KEYS_STRIDE = PAGE_TOKENS * FLOAT;
const ZEROS = f32x4.splat(f32.constant(0));
/** A score whose share is nothing. */
const HIDDEN = -1e9;

/** Floats of one head in a page. */
export function pageFloats(headSize: number): number {
  return 2 * PAGE_TOKENS * headSize;
}

/** append(key, value, page, slot): puts a token's key and value [C] in their place of a page. */
export function appendFunction(headSize: number): FunctionSpec {
  return {
    name: "append",
    parameters: ["i32", "i32", "i32", "i32"],
    body: ([key, value, page, slot], declare) => {
      const [channel, keys, values] = declareMany(declare, "i32", 3);
      return [
        ...keys.set(element(page.get, slot.get, FLOAT)),
        ...values.set(element(page.get, slot.get, headSize * FLOAT)),
        ...count(channel, { to: i32.constant(headSize * FLOAT), step: FLOAT }, [
          ...f32.store(keys.get, f32.load(i32.add(key.get, channel.get))),
          ...f32.store(
            i32.add(values.get, channel.get),
            f32.load(i32.add(value.get, channel.get)),
            headSize * KEYS_STRIDE,
          ),
          ...keys.set(i32.add(keys.get, i32.constant(KEYS_STRIDE))),
        ]),
      ];
    },
  };
}

/**
 * score(queries, queryStride, queryCount, pages, offset, pageCount, scores, scoreStride):
 * scores[q, t] = query[q] . key[t] / sqrt(C), for whole pages; what is behind the last token is noise. A page stays in
 * the first cache for all queries, and what is computed for a query does not depend on the others.
 */
export function scoreFunction(headSize: number): FunctionSpec {
  const scale = f32x4.splat(f32.constant(1 / Math.sqrt(headSize)));
  return {
    name: "score",
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
    body: ([queries, queryStride, queryCount, pages, offset, pageCount, scores, scoreStride], declare) => {
      const [page, at, line, query, keys, to, channel] = declareMany(declare, "i32", 7);
      const sums = declareMany(declare, "v128", SCORE_VECTORS);
      const factor = declare("v128");
      const oneChannel = (of: number): Code => [
        ...factor.set(f32x4.loadSplat(i32.add(query.get, channel.get), of * FLOAT)),
        ...sums.flatMap((sum, vector) => {
          const fourKeys = f32x4.load(keys.get, of * KEYS_STRIDE + vector * VECTOR);
          return sum.set(f32x4.add(sum.get, f32x4.multiply(factor.get, fourKeys)));
        }),
      ];
      const twoChannels = [
        ...[0, 1].flatMap(oneChannel),
        ...keys.set(i32.add(keys.get, i32.constant(2 * KEYS_STRIDE))),
      ];
      const oneQuery = [
        ...query.set(element(queries.get, line.get, queryStride.get)),
        ...keys.set(page.get),
        ...sums.flatMap((sum) => sum.set(ZEROS)),
        ...count(channel, { to: i32.constant(headSize * FLOAT), step: 2 * FLOAT }, twoChannels),
        ...to.set(element(element(scores.get, line.get, scoreStride.get), at.get, PAGE_TOKENS * FLOAT)),
        ...sums.flatMap((sum, vector) => f32x4.store(to.get, f32x4.multiply(sum.get, scale), vector * VECTOR)),
      ];
      return count(at, { to: pageCount.get }, [
        ...page.set(i32.add(i32.load(element(pages.get, at.get, FLOAT)), offset.get)),
        ...count(line, { to: queryCount.get }, oneQuery),
      ]);
    },
  };
}

/**
 * softmax(scores, scoreStride, lineCount, end): in place, of each line's first `end` scores; the rest of the last page is
 * overwritten.
 */
export function softmaxFunction(): FunctionSpec {
  return {
    name: "softmax",
    parameters: ["i32", "i32", "i32", "i32"],
    body: ([scores, scoreStride, lineCount, end], declare) => {
      const [line, start, at, tail, bytes] = declareMany(declare, "i32", 5);
      const [most, total] = declareMany(declare, "v128", 2);
      const place = i32.add(start.get, at.get);
      const pairwise = (operator: typeof f32.add, vector: Code): Code => {
        const [a, b, c, d] = [0, 1, 2, 3].map((lane) => f32x4.lane(vector, lane));
        return f32x4.splat(operator(operator(a, b), operator(c, d)));
      };
      const each = (body: Code): Code => count(at, { to: bytes.get, step: VECTOR }, body);
      const power = exponential(f32x4.subtract(f32x4.load(place), most.get), declare);
      const hide = f32.store(element(start.get, tail.get, FLOAT), f32.constant(HIDDEN));
      return [
        ...bytes.set(i32.multiply(wholePages(end.get), i32.constant(PAGE_TOKENS * FLOAT))),
        ...count(line, { to: lineCount.get }, [
          ...start.set(element(scores.get, line.get, scoreStride.get)),
          ...count(tail, { from: end.get, to: i32.multiply(wholePages(end.get), i32.constant(PAGE_TOKENS)) }, hide),
          ...most.set(f32x4.load(start.get)),
          ...each(most.set(f32x4.maximum(most.get, f32x4.load(place)))),
          ...most.set(pairwise(f32.maximum, most.get)),
          ...total.set(ZEROS),
          ...each([
            ...power.steps,
            ...f32x4.store(place, power.result),
            ...total.set(f32x4.add(total.get, f32x4.load(place))),
          ]),
          ...total.set(f32x4.divide(f32x4.splat(f32.constant(1)), pairwise(f32.add, total.get))),
          ...each(f32x4.store(place, f32x4.multiply(f32x4.load(place), total.get))),
        ]),
      ];
    },
  };
}

/**
 * mix(mixed, mixedStride, queryCount, pages, offset, end, shares, shareStride):
 * mixed[q] += sum over t < `end` of shares[q, t] value[t]
 */
export function mixFunction(headSize: number): FunctionSpec {
  return {
    name: "mix",
    parameters: ["i32", "i32", "i32", "i32", "i32", "i32", "i32", "i32"],
    body: ([mixed, mixedStride, queryCount, pages, offset, end, shares, shareStride], declare) => {
      const [values, at, line, to, from, last, token, value] = declareMany(declare, "i32", 8);
      const sums = declareMany(declare, "v128", MIX_VECTORS);
      const share = declare("v128");
      /** Over the page's tokens, some of a head's vectors; the last of them may be half of one. */
      const stripe = (vectors: readonly number[]): Code => {
        const held = vectors.map((vector, index) => {
          const [sum, offset, half] = [sums[index], vector * VECTOR, vector * LANES + LANES > headSize];
          const load = (address: Code): Code => (half ? f32x4.loadHalf : f32x4.load)(address, offset);
          const store = (half ? f32x4.storeHalf : f32x4.store)(to.get, sum.get, offset);
          const term = f32x4.multiply(share.get, load(value.get));
          return { begin: sum.set(load(to.get)), add: sum.set(f32x4.add(sum.get, term)), store };
        });
        return [
          ...held.flatMap(({ begin }) => begin),
          ...value.set(values.get),
          ...count(token, { to: last.get, step: FLOAT }, [
            ...share.set(f32x4.loadSplat(i32.add(from.get, token.get))),
            ...held.flatMap(({ add }) => add),
            ...value.set(i32.add(value.get, i32.constant(headSize * FLOAT))),
          ]),
          ...held.flatMap(({ store }) => store),
        ];
      };
      const vectors = Array.from({ length: Math.ceil(headSize / LANES) }, (_, vector) => vector);
      const stripes = vectors
        .filter((vector) => vector % MIX_VECTORS === 0)
        .map((first) => stripe(vectors.slice(first, first + MIX_VECTORS)));
      const tokensLeft = i32.subtract(end.get, i32.multiply(at.get, i32.constant(PAGE_TOKENS)));
      return count(at, { to: wholePages(end.get) }, [
        ...values.set(i32.add(i32.load(element(pages.get, at.get, FLOAT)), offset.get)),
        ...values.set(i32.add(values.get, i32.constant(headSize * KEYS_STRIDE))),
        ...last.set(i32.multiply(least(tokensLeft, i32.constant(PAGE_TOKENS)), i32.constant(FLOAT))),
        ...count(line, { to: queryCount.get }, [
          ...to.set(element(mixed.get, line.get, mixedStride.get)),
          ...from.set(element(element(shares.get, line.get, shareStride.get), at.get, PAGE_TOKENS * FLOAT)),
          ...stripes.flat(),
        ]),
      ]);
    },
  };
}

/** The address of an array's element. */
export function element(array: Code, index: Code, stride: number | Code): Code {
  return i32.add(array, i32.multiply(index, typeof stride === "number" ? i32.constant(stride) : stride));
}

/** Pages that hold so many tokens. */
export function wholePages(tokens: Code): Code {
  return i32.shiftRight(i32.add(tokens, i32.constant(PAGE_TOKENS - 1)), i32.constant(Math.log2(PAGE_TOKENS)));
}

export function declareMany(declare: Declare, type: Type, length: number): readonly Local[] {
  return Array.from({ length }, () => declare(type));
}
