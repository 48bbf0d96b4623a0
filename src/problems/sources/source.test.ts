import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { openSource, placeText, type SourceItem } from "./source.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-sources-"));
const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const read = async (path: string): Promise<SourceItem[]> => {
  const items: SourceItem[] = [];
  for await (const item of await openSource(path)) items.push(item);
  return items;
};

const said = (items: readonly SourceItem[]): string[] =>
  items.map((item) =>
    item.kind === "problem" ? `${placeText(item.where)} ${item.problem.id}` : `${placeText(item.where)} ${item.reason}`,
  );

const own = (id: string, more = ""): string =>
  `{"id": "${id}", "language": "python", "prompt": "", "tests": [{"kind": "assert", "code": "assert f() == 1"}]${more}}`;

describe("a file of problems", () => {
  it("is read line by line, and a broken line is a reason, not the end", async () => {
    const path = file(
      "own.jsonl",
      Buffer.concat([
        Buffer.from(`${own("a")}\n\n{"id": 3\n[1]\n`),
        Buffer.from([0x22, 0xff, 0x22, 10]),
        Buffer.from(`${own("b", ', "tets": 1')}\n${own("c")}`),
      ]),
    );
    expect(said(await read(path))).toEqual([
      `${path}:1 a`,
      `${path}:3 row: not JSON`,
      `${path}:4 row: expected an object`,
      `${path}:5 row: not UTF-8`,
      `${path}:6 unknown key "tets" (did you mean "tests"?)`,
      `${path}:7 c`,
    ]);
  });

  it("may be one JSON array, however it is broken over lines, and zipped whatever its name", async () => {
    const array = file("array.json", ` [\n${own("a")},\n 3, ${own('b]}\\"')}\n]\n`);
    const expected = (path: string): string[] => [
      `${path}: row 0 a`,
      `${path}: row 1 row: expected an object`,
      `${path}: row 2 b]}"`,
    ];
    expect(said(await read(array))).toEqual(expected(array));
    const zipped = file("zipped", gzipSync(` [\n${own("a")},\n 3, ${own('b]}\\"')}\n]\n`));
    expect(said(await read(zipped))).toEqual(expected(zipped));
  });

  test("a problem of ours without its language is a fault of that row, not of the format", async () => {
    const path = file(
      "no-language.jsonl",
      '{"id": "a", "prompt": "p", "tests": [{"kind": "stdio", "stdin": "", "stdout": ""}]}\n',
    );
    expect(await read(path)).toMatchObject([
      { kind: "malformed", reason: 'language: expected one of "python"|"javascript"', detail: "found nothing" },
    ]);
  });

  test.each([
    ["nowhere.jsonl", undefined, /nowhere\.jsonl: cannot read it \(no such file\)/],
    ["other.jsonl", '{"a": 1, "b": 2}', /other\.jsonl: found the fields a, b; no known format .*--format/],
    ["empty.jsonl", "", /empty\.jsonl: found no rows; expected JSON lines, one JSON array, or Parquet$/],
    ["text.jsonl", "no JSON\nat all\n", /text\.jsonl: found no rows; expected JSON lines, one JSON array, or Parquet$/],
    ["cut.json", `[${own("a")},`, /cut\.json: its JSON array does not end/],
    ["cut.gz", gzipSync(own("a").repeat(100)).subarray(0, 60), /cut\.gz: not a whole gzip file/],
    ["cut.parquet", "PAR1 and no more", /cut\.parquet: not a whole Parquet file/],
  ])("%s is one clear error", async (name, content, message) => {
    const path = content === undefined ? join(folder, name) : file(name, content);
    await expect(read(path)).rejects.toThrow(message);
  });
});
