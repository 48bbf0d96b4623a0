import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, test } from "vitest";
import { UsageError } from "../../core/errors.js";
import { Float } from "../../core/json.js";
import { Rng } from "../../core/rng.js";
import type { RawRow } from "./rows.js";
import { openRows } from "./rows.js";

const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

const ROWS = 120;

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
