// One token's attention to the keys and values before it, as WebAssembly, over pages (pages.ts). What is computed for a
// row never depends on the others, nor on whether it shares pages. It manages no memory (key-value-cache.ts). H heads,
// N key-value heads, C size of a head.

import { type Code, call, count, type FunctionSpec, i32, type Local, moduleBytes } from "./assembler.js";
import {
  appendFunction,
  declareMany,
  element,
  FLOAT,
  mixFunction,
  PAGE_TOKENS,
  pageFloats,
  scoreFunction,
  softmaxFunction,
  wholePages,
} from "./pages.js";
import { type WasmMemory, wasm } from "./wasm.js";

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

/** The functions of the module, each at its place. */
const [APPEND, SCORE, SOFTMAX, MIX, ATTEND_HEAD] = [0, 1, 2, 3, 4];

export function attentionKernels(shape: AttentionShape, memory: WasmMemory): AttentionKernels {
  const { headSize } = shape;
  const functions = [
    appendFunction(headSize),
    scoreFunction(headSize),
    softmaxFunction(),
    mixFunction(headSize),
    attendHeadFunction(shape),
    attendFunction(shape),
  ];
  const module = new wasm.Module(moduleBytes(functions));
  return new wasm.Instance(module, { env: { memory } }).exports as AttentionKernels;
}

const PARAMETERS = Array.from({ length: 11 }, () => "i32" as const);

/** The parameters of `attend`, for the heads that share the first key-value head. */
function attendHeadFunction({ heads, keyValueHeads, headSize }: AttentionShape): FunctionSpec {
  const group = i32.constant(heads / keyValueHeads);
  const [headBytes, rowBytes] = [i32.constant(headSize * FLOAT), i32.constant(heads * headSize * FLOAT)];
  const body: FunctionSpec["body"] = (parameters, declare) => {
    const [query, key, value, read, table, tableStride, rowCount, sharedPages, offset, scores, scoreStride] =
      parameters;
    const [row, member, line, end, pages, rowStride] = declareMany(declare, "i32", 6);
    const eachMember = (code: Code): Code => count(member, { to: group }, code);
    const eachRow = (code: Code): Code =>
      count(row, { to: rowCount.get }, [
        ...line.set(element(table.get, row.get, tableStride.get)),
        ...end.set(i32.load(line.get)),
        ...pages.set(i32.add(line.get, i32.constant(FLOAT))),
        ...code,
      ]);

    // The pages that all rows share: one head of all rows at a time.
    const shared = i32.multiply(sharedPages.get, i32.constant(PAGE_TOKENS));
    const memberScores = element(scores.get, member.get, scoreStride.get);
    const withShared = (code: number, rows: Local, length: Code): Code => {
      const first = element(rows.get, member.get, headSize * FLOAT);
      const list = i32.add(table.get, i32.constant(FLOAT));
      return call(code, first, rowBytes, rowCount.get, list, offset.get, length, memberScores, rowStride.get);
    };

    // A row's own pages: all its heads at a time.
    const rowScores = element(scores.get, row.get, rowStride.get);
    const withOwn = (code: number, rows: Local, length: Code): Code => {
      const first = element(rows.get, row.get, heads * headSize * FLOAT);
      const list = element(pages.get, sharedPages.get, FLOAT);
      const own = element(rowScores, shared, FLOAT);
      return call(code, first, headBytes, group, list, offset.get, length, own, scoreStride.get);
    };
    const newOf = (rows: Local): Code => element(rows.get, row.get, keyValueHeads * headSize * FLOAT);
    const lastPage = i32.add(i32.load(element(line.get, wholePages(end.get), FLOAT)), offset.get);
    const slot = i32.and(i32.subtract(end.get, i32.constant(1)), i32.constant(PAGE_TOKENS - 1));

    return [
      ...rowStride.set(i32.multiply(scoreStride.get, group)),
      ...eachMember(withShared(SCORE, query, sharedPages.get)),
      ...eachRow([
        ...call(APPEND, newOf(key), newOf(value), lastPage, slot),
        ...withOwn(SCORE, query, i32.subtract(wholePages(end.get), sharedPages.get)),
        ...call(SOFTMAX, rowScores, scoreStride.get, group, end.get),
      ]),
      ...eachMember(withShared(MIX, read, shared)),
      ...eachRow(withOwn(MIX, read, i32.subtract(end.get, shared))),
    ];
  };
  return { name: "attendHead", parameters: PARAMETERS, body };
}

function attendFunction({ heads, keyValueHeads, headSize }: AttentionShape): FunctionSpec {
  const body: FunctionSpec["body"] = (parameters, declare) => {
    const [query, key, value, read, , , , , offset] = parameters;
    const head = declare("i32");
    const advance = (array: Local, floats: number): Code => array.set(i32.add(array.get, i32.constant(floats * FLOAT)));
    return count(head, { to: i32.constant(keyValueHeads) }, [
      ...call(ATTEND_HEAD, ...parameters.map(({ get }) => get)),
      ...[query, read].flatMap((array) => advance(array, (heads / keyValueHeads) * headSize)),
      ...[key, value].flatMap((array) => advance(array, headSize)),
      ...advance(offset, pageFloats(headSize)),
    ]);
  };
  return { name: "attend", parameters: PARAMETERS, body };
}
