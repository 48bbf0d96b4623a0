// Reads what Python's pickle makes of a text, or of a dict of texts, and nothing else: every instruction that could
// build anything more is refused, so no data can run code here. The instructions are those of Python's pickle
// protocols up to 5 (docs of its pickletools module).

import { inflateSync } from "node:zlib";
import { messageOf } from "../../core/errors.js";

export type Pickled = string | Map<string, Pickled>;

/** Zipped data may unfold a thousandfold. */
const MAXIMUM_UNPACKED_BYTES = 256 * 1024 * 1024;

/** Base64 of zlib of a pickle, as LiveCodeBench packs its hidden tests. @throws Error saying what is wrong with it */
export function unpackPickle(text: string): Pickled {
  let bytes: Buffer;
  try {
    bytes = inflateSync(Buffer.from(text, "base64"), { maxOutputLength: MAXIMUM_UNPACKED_BYTES });
  } catch (error) {
    const tooBig = (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
    throw new Error(tooBig ? `more than ${MAXIMUM_UNPACKED_BYTES / 2 ** 20} MiB unpacked` : messageOf(error), {
      cause: error,
    });
  }
  return readPickle(bytes);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @throws Error naming the instruction that is refused */
function readPickle(bytes: Buffer): Pickled {
  const stack: Array<Pickled | typeof MARK> = [];
  for (let at = 0; ; ) {
    const code = bytes.readUInt8(at++);
    const text = TEXT_LENGTHS[code];
    if (code === STOP) return whole(stack);
    if (text !== undefined) {
      const [lengthBytes, lengthOf] = text;
      const start = at + lengthBytes;
      const end = start + lengthOf(bytes, at);
      if (end > bytes.length) throw new RangeError("a text goes on after its end");
      stack.push(decoder.decode(bytes.subarray(start, end)));
      at = end;
    } else if (IGNORED[code] !== undefined) at += IGNORED[code];
    else if (code === EMPTY_DICT) stack.push(new Map());
    else if (code === MARK_CODE) stack.push(MARK);
    else if (code === SET_ITEM) setItems(stack, stack.length - 2);
    else if (code === SET_ITEMS) {
      const mark = stack.lastIndexOf(MARK);
      if (mark < 0) throw new Error("items without a mark");
      stack.splice(mark, 1);
      setItems(stack, mark);
    } else throw new Error(`pickle instruction 0x${code.toString(16).padStart(2, "0")} is refused`);
  }
}

const [STOP, EMPTY_DICT, MARK_CODE, SET_ITEM, SET_ITEMS] = [0x2e, 0x7d, 0x28, 0x73, 0x75];
const MARK = Symbol("mark");

/** Protocol, frame, and the memo, which a text alone never reads: how many bytes follow. */
const IGNORED: Readonly<Record<number, number>> = { 0x80: 1, 0x95: 8, 0x94: 0, 0x71: 1, 0x72: 4 };

/** How many bytes a text's length takes, and how it is read. */
const TEXT_LENGTHS: Readonly<Record<number, readonly [number, (bytes: Buffer, at: number) => number]>> = {
  0x8c: [1, (bytes, at) => bytes.readUInt8(at)],
  0x58: [4, (bytes, at) => bytes.readUInt32LE(at)],
  0x8d: [8, (bytes, at) => Number(bytes.readBigUInt64LE(at))],
};

function setItems(stack: Array<Pickled | typeof MARK>, from: number): void {
  const items = stack.splice(Math.max(0, from));
  const dict = stack.at(-1);
  if (!(dict instanceof Map) || items.length % 2 !== 0) throw new Error("items for no dict");
  for (let i = 0; i < items.length; i += 2) {
    const [key, value] = [items[i], items[i + 1]];
    if (typeof key !== "string" || typeof value === "symbol") throw new Error("a dict with keys other than texts");
    dict.set(key, value);
  }
}

function whole(stack: ReadonlyArray<Pickled | typeof MARK>): Pickled {
  const [value] = stack;
  if (stack.length !== 1 || typeof value === "symbol") throw new Error("not one whole value");
  return value;
}
