// One token's attention to the keys and values before it, as WebAssembly. They lie in pages of a few tokens, for each
// key-value head its keys [C, PAGE_TOKENS], so that a vector holds one channel of four keys and no sum runs across
// lanes, then its values [PAGE_TOKENS, C]. What is computed for a row never depends on the others, nor on whether it
// shares pages. It knows no model and manages no memory (key-value-cache.ts). Letters as in attention.ts of decoder/.

import {
  type Code,
  call,
  count,
  type Declare,
  type FunctionSpec,
  f32,
  f32x4,
  i32,
  type Local,
  least,
  moduleBytes,
  type Type,
} from "./assembler.js";
import { exponential } from "./exponential.js";
import { type WasmMemory, wasm } from "./wasm.js";

/** Four vectors: enough sums at once to hide an addition's latency. */
export const PAGE_TOKENS = 16;
const LANES = 4;
const FLOAT = 4;
const VECTOR = LANES * FLOAT;
const SCORE_VECTORS = PAGE_TOKENS / LANES;
/** Sums held at once while values are mixed: half of the 16 registers that V8 uses. */
const MIX_VECTORS = 8;
/** From one channel of a page's keys to the next. */
const KEYS_STRIDE = PAGE_TOKENS * FLOAT;
const ZEROS = f32x4.splat(f32.constant(0));
/** A score whose share is nothing. */
const HIDDEN = -1e9;

export interface AttentionShape {
  readonly heads: number;
  /** Fewer than `heads` is grouped-query attention. */
  readonly keyValueHeads: number;
  /** C, even. */
  readonly headSize: number;
}

/** Addresses and strides are bytes. */
export interface AttentionKernels {
  /** Puts a token's key and value [C] in their place of a page. */
  append(key: number, value: number, page: number, slot: number): void;
  /**
   * Appends a token's keys and values and adds what its heads read to `read`, for neighbouring rows that begin with
   * the same pages: softmax(query . keys / sqrt(C)) values      (Vaswani et al. 2017, eq. 1)
   *
   * @param query        [rows, H, C]
   * @param key          [rows, N, C], and so is `value`
   * @param read         [rows, H, C]
   * @param table        a line a row, i32: its tokens, the new one counted, then its pages' addresses
   * @param sharedPages  full pages that all lines begin with; each is read once for all rows
   * @param offset       from a page's address to its first head
   * @param scores       scratch, a line for each row and head of a group
   * @param scoreStride  has room for a row's pages
   */
  attend(
    query: number,
    key: number,
    value: number,
    read: number,
    table: number,
    tableStride: number,
    rowCount: number,
    sharedPages: number,
    offset: number,
    scores: number,
    scoreStride: number,
  ): void;
}

/** Floats of one head in a page. */
export function pageFloats(headSize: number): number {
  return 2 * PAGE_TOKENS * headSize;
}

/** The functions of the module, each at its place. */
const [APPEND, SCORE, SOFTMAX, MIX] = [0, 1, 2, 3];

export function attentionKernels(shape: AttentionShape, memory: WasmMemory): AttentionKernels {
  const { headSize } = shape;
  const functions = [
    appendFunction(headSize),
    scoreFunction(headSize),
    softmaxFunction(),
    mixFunction(headSize),
    attendFunction(shape),
  ];
  const module = new wasm.Module(moduleBytes(functions));
  return new wasm.Instance(module, { env: { memory } }).exports as AttentionKernels;
}

function attendFunction({ heads, keyValueHeads, headSize }: AttentionShape): FunctionSpec {
  const group = heads / keyValueHeads;
  const [headBytes, rowBytes] = [headSize * FLOAT, heads * headSize * FLOAT].map(i32.constant);
  const groupCode = i32.constant(group);
  return {
    name: "attend",
    parameters: Array.from({ length: 11 }, () => "i32" as const),
    body: (parameters, declare) => {
      const [query, key, value, read, table, tableStride, rowCount, sharedPages, offset, scores, scoreStride] =
        parameters;
      const [head, row, member, line, end, pages, groupStride] = declareMany(declare, "i32", 7);
      const shared = i32.multiply(sharedPages.get, i32.constant(PAGE_TOKENS));
      const rowScores = element(scores.get, row.get, groupStride.get);
      const ownScores = i32.add(rowScores, i32.multiply(shared, i32.constant(FLOAT)));
      const ownPages = i32.add(pages.get, i32.multiply(sharedPages.get, i32.constant(FLOAT)));
      const memberScores = element(scores.get, member.get, scoreStride.get);
      const ofMember = (array: Local): Code => i32.add(array.get, i32.multiply(member.get, headBytes));
      const ofRow = (array: Local): Code => i32.add(array.get, i32.multiply(row.get, rowBytes));
      const ofRowKey = (array: Local): Code => element(array.get, row.get, keyValueHeads * headSize * FLOAT);
      const eachRow = (body: Code): Code =>
        count(row, { to: rowCount.get }, [
          ...line.set(element(table.get, row.get, tableStride.get)),
          ...end.set(i32.load(line.get)),
          ...pages.set(i32.add(line.get, i32.constant(FLOAT))),
          ...body,
        ]);
      const eachMember = (body: Code): Code => count(member, { to: groupCode }, body);
      const sharedTable = i32.add(table.get, i32.constant(FLOAT));
      const lastPage = i32.load(element(line.get, wholePages(end.get), FLOAT));
      const slot = i32.and(i32.subtract(end.get, i32.constant(1)), i32.constant(PAGE_TOKENS - 1));
      const ownCount = i32.subtract(wholePages(end.get), sharedPages.get);
      const oneHead = [
        ...eachMember(
          call(
            SCORE,
            ofMember(query),
            rowBytes,
            rowCount.get,
            sharedTable,
            offset.get,
            sharedPages.get,
            memberScores,
            groupStride.get,
          ),
        ),
        ...eachRow([
          ...call(APPEND, ofRowKey(key), ofRowKey(value), i32.add(lastPage, offset.get), slot),
          ...call(
            SCORE,
            ofRow(query),
            headBytes,
            groupCode,
            ownPages,
            offset.get,
            ownCount,
            ownScores,
            scoreStride.get,
          ),
          ...call(SOFTMAX, rowScores, scoreStride.get, groupCode, end.get),
        ]),
        ...eachMember(
          call(
            MIX,
            ofMember(read),
            rowBytes,
            rowCount.get,
            sharedTable,
            offset.get,
            shared,
            memberScores,
            groupStride.get,
          ),
        ),
        ...eachRow(
          call(
            MIX,
            ofRow(read),
            headBytes,
            groupCode,
            ownPages,
            offset.get,
            i32.subtract(end.get, shared),
            ownScores,
            scoreStride.get,
          ),
        ),
      ];
      const advance = (array: Local, bytes: number): Code => array.set(i32.add(array.get, i32.constant(bytes)));
      return [
        ...groupStride.set(i32.multiply(scoreStride.get, groupCode)),
        ...count(head, { to: i32.constant(keyValueHeads) }, [
          ...oneHead,
          ...[query, read].flatMap((array) => advance(array, group * headSize * FLOAT)),
          ...[key, value].flatMap((array) => advance(array, headSize * FLOAT)),
          ...advance(offset, pageFloats(headSize) * FLOAT),
        ]),
      ];
    },
  };
}

function appendFunction(headSize: number): FunctionSpec {
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

function scoreFunction(headSize: number): FunctionSpec {
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

function softmaxFunction(): FunctionSpec {
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

function mixFunction(headSize: number): FunctionSpec {
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
function element(array: Code, index: Code, stride: number | Code): Code {
  return i32.add(array, i32.multiply(index, typeof stride === "number" ? i32.constant(stride) : stride));
}

/** Pages that hold so many tokens. */
function wholePages(tokens: Code): Code {
  return i32.shiftRight(i32.add(tokens, i32.constant(PAGE_TOKENS - 1)), i32.constant(Math.log2(PAGE_TOKENS)));
}

function declareMany(declare: Declare, type: Type, length: number): readonly Local[] {
  return Array.from({ length }, () => declare(type));
}
