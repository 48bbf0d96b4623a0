import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { Problem } from "../problem.js";
import { type ConvertOptions, convertFiles } from "./convert.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-convert-"));
const prime = fileURLToPath(new URL("fixtures/prime.parquet", import.meta.url));
const mbpp = fileURLToPath(new URL("fixtures/mbpp.jsonl", import.meta.url));

async function convert(paths: readonly string[], options: ConvertOptions = {}) {
  const problems: Problem[] = [];
  const conversion = await convertFiles(paths, options, (problem) => problems.push(problem));
  return { ...conversion, problems, ids: problems.map(({ id }) => id) };
}

describe("data convert", () => {
  it("puts files of several formats into one stream with unique ids, the same each time", async () => {
    const first = await convert([prime, mbpp, prime]);
    expect(first.formats).toEqual(["prime", "mbpp", "prime"]);
    expect(first.ids).toEqual([
      "codecontests/0",
      "taco/1",
      "apps/2",
      "codecontests/0#2",
      "mbpp/2",
      "mbpp/4",
      "mbpp/367",
      "mbpp/601",
      "mbpp/927",
      "codecontests/0#3",
      "taco/1#2",
      "apps/2#2",
      "codecontests/0#4",
    ]);
    expect(await convert([prime, mbpp, prime])).toEqual(first);
  });

  it("counts what is left out by its reason, with the first place of each", async () => {
    const { rows, leftOut } = await convert([prime]);
    expect(rows).toBe(9);
    expect(leftOut.map(({ kind, reason, rows: count }) => `${count} ${kind} ${reason}`)).toEqual([
      "1 skipped not code",
      "1 skipped a ready-made alignment row",
      "1 malformed ground_truth: expected a JSON text",
      "1 malformed outputs: expected as many as inputs",
      "1 malformed tests: expected at least one test: without tests nothing can be judged",
    ]);
    expect(leftOut[2].first).toBe(`${prime}: row 5: ground_truth: expected a JSON text; found "{not json"`);
  });

  it("stops at a number of problems, keeps what matches, and fills in a licence where there is none", async () => {
    expect((await convert([mbpp, prime], { limit: 2 })).ids).toEqual(["mbpp/2", "mbpp/4"]);
    const some = await convert([mbpp, prime], { where: { key: "split", value: "train" }, license: "MIT" });
    expect(some.ids).toEqual(["mbpp/601", "mbpp/927", "codecontests/0", "taco/1", "apps/2", "codecontests/0#2"]);
    expect(some.problems.map(({ license }) => license)).toEqual(["CC-BY-4.0", "CC-BY-4.0", "MIT", "MIT", "MIT", "MIT"]);
    expect(some.leftOut[0]).toMatchObject({ kind: "skipped", reason: "split is not train", rows: 3 });
  });

  it("ends at the first malformed row where it is strict, and where there is no problem at all", async () => {
    await expect(convert([prime], { strict: true })).rejects.toThrow(/prime\.parquet: row 5: ground_truth: expected/);
    const path = join(folder, "none.jsonl");
    writeFileSync(path, '{"data_source": "x", "reward_model": 1, "ability": "math"}\n'.repeat(3));
    await expect(convert([path])).rejects.toThrow(/none of the 3 rows is a problem\n {2}3: not code/);
  });

  it("tells only so many reasons apart: a file may hold a new one in every row", async () => {
    const path = join(folder, "many.jsonl");
    const good = '{"id": "a", "language": "python", "prompt": "", "tests": [{"kind": "assert", "code": ""}]}';
    const bad = Array.from({ length: 200 }, (_, i) => `{"id": "b", "field ${i}": 1}`);
    writeFileSync(path, [good, ...bad].join("\n"));
    const { leftOut } = await convert([path]);
    expect(leftOut).toHaveLength(61);
    expect(leftOut[0]).toMatchObject({ reason: "other reasons", rows: 140 });
  });
});
