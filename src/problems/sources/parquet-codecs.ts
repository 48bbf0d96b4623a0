// How the pages of a Parquet file are unpacked: never to more than their header claims, since a kilobyte may be packed from a
// gigabyte. Snappy and LZ4 write into memory of the claimed size; the others would grow with what they find.

import { brotliDecompressSync, unzipSync } from "node:zlib";
import { Decompress } from "fzstd";
import type { Compressors } from "hyparquet";
import { compressors } from "hyparquet-compressors";

/** The largest that a decoder has to keep of what is unpacked already, by zstd's own default. */
const MAXIMUM_WINDOW_LOG = 27;

/** Unpackers by the codec's name. @throws RangeError where a page holds more than it claims */
export const boundedCompressors: Compressors = {
  ...compressors,
  GZIP: (input, length) => bounded(length, () => unzipSync(input, { maxOutputLength: Math.max(1, length) })),
  BROTLI: (input, length) =>
    bounded(length, () => brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) })),
  ZSTD: unpackZstd,
};

function bounded(length: number, unpack: () => Uint8Array): Uint8Array {
  try {
    return unpack();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE" ? tooMuch(length, error) : error;
  }
}

function tooMuch(length: number, cause?: unknown): RangeError {
  return new RangeError(`a page holds more than the ${length} bytes that it claims`, { cause });
}

function unpackZstd(input: Uint8Array, length: number): Uint8Array {
  // Of a frame that is not one segment, the sixth byte says how much is kept.
  const windowLog = 10 + ((input[5] ?? 0) >> 3);
  const isOneSegment = ((input[4] ?? 0) & 0x20) !== 0;
  if (!isOneSegment && windowLog > MAXIMUM_WINDOW_LOG) {
    throw new RangeError(`a page asks for a window of 2^${windowLog} bytes, expected 2^${MAXIMUM_WINDOW_LOG} at most`);
  }
  const output = new Uint8Array(length);
  let written = 0;
  const stream = new Decompress((block) => {
    if (written + block.length > length) throw tooMuch(length);
    output.set(block, written);
    written += block.length;
  });
  stream.push(input, true);
  return output.subarray(0, written);
}
