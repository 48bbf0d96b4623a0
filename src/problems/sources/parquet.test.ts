import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { UsageError } from "../../core/errors.js";
import { Float } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import { boundedCompressors } from "./parquet-codecs.js";
import type { RawRow } from "./rows.js";
import { openRows } from "./rows.js";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const ROWS = 120;
/** printf 'hello hello hello hello hi' | zstd -19 -c | base64 */
const HELLO = "KLUv/QRobQAAOGhlbGxvIGkBAElKEfr7ma0=";

/** Row i of the two files of small pages, as fixtures/make.py writes it. */
function expected(i: number): Record<string, unknown> {
  const turn = (j: number): unknown => (j === 2 ? null : { role: `r${j}`, content: `é${i}.${j}` });
  return {
    number: i,
    half: i % 5 === 0 ? null : new Float(i / 2),
    text: i % 11 === 0 ? null : `t${i % 13} `.repeat(i % 7),
    turns: i % 17 === 0 ? null : Array.from({ length: i % 5 }, (_, j) => turn(j)),
    tests: { input: Array.from({ length: i % 40 }, (_, j) => `in${i}.${j}`.repeat(3)), flag: i % 2 === 0 },
  };
}

async function rowsOf(name: string, columns?: readonly string[]): Promise<RawRow[]> {
  const rows: RawRow[] = [];
  for await (const row of (await openRows(fixture(name))).read(columns)) rows.push(row);
  return rows;
}

describe("Parquet", () => {
  test.each(["pages-v1.parquet", "pages-v2.parquet"])(
    "%s: lists that go on over pages are put together",
    async (name) => {
      const rows = await openRows(fixture(name));
      expect([rows.count, rows.unit, [...rows.fields]]).toEqual([
        ROWS,
        "row",
        ["number", "half", "text", "turns", "tests"],
      ]);
      const found = await rowsOf(name);
      expect(found).toEqual(Array.from({ length: ROWS }, (_, i) => ({ kind: "row", number: i, row: expected(i) })));
      expect(found[3]).toMatchObject({ row: { half: new Float(1.5) } });
    },
  );

  it("reads only the columns that are asked for", async () => {
    const rows = await rowsOf("pages-v1.parquet", ["text", "nowhere"]);
    expect(rows[8]).toEqual({ kind: "row", number: 8, row: { text: "t8 " } });
    await expect(rowsOf("pages-v1.parquet", ["nowhere"])).rejects.toThrow(/has none of the columns nowhere/);
  });

  it("drops a row whose text is not UTF-8, and goes on", async () => {
    const rows = await rowsOf("not-utf8.parquet");
    expect(rows.map((row) => (row.kind === "row" ? row.row["question"] : row.fault.reason))).toEqual([
      "ok",
      "row: not UTF-8",
      "fine",
    ]);
  });

  it("ends with one clear error, or rows, whatever bytes are broken", async () => {
    const rng = Rng.of(1, "broken bytes");
    const path = join(mkdtempSync(join(tmpdir(), "coderlplus-parquet-")), "broken.parquet");
    const names = ["prime.parquet", "pages-v1.parquet", "pages-v2.parquet"];
    let errors = 0;
    for (let i = 0; i < 90; i++) {
      const bytes = readFileSync(fixture(names[i % names.length]));
      const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
      const at = rng.integer(i % 2 === 0 ? footer : 0, bytes.length - 1);
      bytes[at] = rng.integer(0, 255);
      writeFileSync(path, i % 10 === 9 ? bytes.subarray(0, at) : bytes);
      try {
        for await (const row of (await openRows(path)).read(undefined)) expect(row.kind).toMatch(/row|fault/);
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        errors++;
      }
    }
    expect(errors).toBeGreaterThan(10);
  });
});

describe("a packed page", () => {
  const text = Buffer.from("abc ".repeat(70_000));
  // Frames whose blocks repeat one byte: 1,000 bytes for every four.
  const repeated = (blocks: number): number[] =>
    Array.from({ length: blocks }, (_, i) => {
      const header = (1000 << 3) | (1 << 1) | Number(i === blocks - 1);
      return [header & 255, (header >> 8) & 255, header >> 16, 120];
    }).flat();
  const zstd = (window: number, blocks: number): Uint8Array =>
    Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0, window << 3, ...repeated(blocks)]);

  it.each([
    ["GZIP", gzipSync(text), text.length],
    ["BROTLI", brotliCompressSync(text), text.length],
    ["ZSTD", zstd(7, 40), 40_000],
    ["ZSTD", Buffer.from(HELLO, "base64"), 26],
  ] as const)("%s: is unpacked to what it claims, and to no byte more", (codec, packed, length) => {
    const unpack = boundedCompressors[codec];
    expect(unpack?.(packed, length)).toHaveLength(length);
    expect(() => unpack?.(packed, length - 1)).toThrow(`a page holds more than the ${length - 1} bytes that it claims`);
    expect(() => unpack?.(packed.subarray(0, packed.length - 9), length)).toThrow(Error);
  });

  it("that holds more than it claims is one clear error, in a file", async () => {
    const bytes = readFileSync(fixture("pages-v1.parquet"));
    bytes.set(zstd(7, 12), bytes.indexOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd)));
    const path = join(mkdtempSync(join(tmpdir(), "coderlplus-parquet-")), "bomb.parquet");
    writeFileSync(path, bytes);
    const read = async (): Promise<void> => {
      for await (const row of (await openRows(path)).read(undefined)) expect(row.kind).toBe("row");
    };
    await expect(read()).rejects.toThrow(/bomb\.parquet: .*a page holds more than the \d+ bytes that it claims/);
  });

  it("may not ask for more memory than any writer uses", () => {
    expect(() => boundedCompressors.ZSTD?.(zstd(20, 1), 1000)).toThrow(/window of 2\^30 bytes, expected 2\^27/);
  });
});
