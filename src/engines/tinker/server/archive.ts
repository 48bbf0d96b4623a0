// A folder as a tar.gz, made while it is sent: nothing of it is kept. The tar is POSIX's ustar, regular files only.

import { createReadStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { createGzip } from "node:zlib";

export interface ArchivedFile {
  /** Inside the archive and relative to the folder; at most 100 bytes. */
  readonly name: string;
  readonly bytes: number;
}

/** Weights are as good as noise: more effort finds nothing to save. */
const GZIP_LEVEL = 1;
const BLOCK = 512;

/** @param time  what the archive says of when its files were written */
export function tarGz(folder: string, files: readonly ArchivedFile[], time: Date): Readable {
  const tar = Readable.from(tarOf(folder, files, time), { objectMode: false });
  const gzip = createGzip({ level: GZIP_LEVEL });
  tar.on("error", (error) => gzip.destroy(error));
  gzip.on("close", () => tar.destroy());
  return tar.pipe(gzip);
}

async function* tarOf(folder: string, files: readonly ArchivedFile[], time: Date): AsyncGenerator<Buffer> {
  for (const file of files) {
    yield tarHeader(file, time);
    let left = file.bytes;
    for await (const chunk of createReadStream(join(folder, file.name), { highWaterMark: 1 << 20 })) {
      left -= (chunk as Buffer).length;
      yield chunk as Buffer;
    }
    if (left !== 0) throw new Error(`${file.name}: its length changed while it was sent`);
    yield Buffer.alloc((BLOCK - (file.bytes % BLOCK)) % BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** One block   (POSIX.1-1988, ustar) */
function tarHeader({ name, bytes }: ArchivedFile, time: Date): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name}: too long a name for this archive`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, length: number): void => {
    header.write(`${value.toString(8).padStart(length - 1, "0")}\0`, at, "latin1");
  };
  header.write(name, 0, "utf8");
  octal(0o644, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes, 124, 12);
  octal(Math.floor(time.getTime() / 1000), 136, 12);
  header.write("        0", 148, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}
