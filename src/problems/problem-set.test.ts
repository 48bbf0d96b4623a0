import { copyFileSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it, test } from "vitest";
import { ProblemSet, type ProblemSetOptions } from "./problem-set.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-set-"));
const open: ProblemSet[] = [];
afterAll(() => Promise.all(open.map((set) => set.close())));

const line = (id: string, prompt = "é"): string =>
  `{"id": "${id}", "language": "python", "prompt": "${prompt}", "tests": [{"kind": "call", "function": "f", "arguments": [2.0], "expected": 1}]}`;

const file = (name: string, content: string | Buffer): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const opened = async (content: string, options?: ProblemSetOptions): Promise<ProblemSet> => {
  const set = await ProblemSet.open(file(`${open.length}.jsonl`, content), options);
  open.push(set);
  return set;
};

describe("a set of problems", () => {
  it("reads each by number from the file, in the file's order", async () => {
    const set = await opened(`\uFEFF${line("a")}\n\n${line("b", "木😀")}\r\n${line("c")}`);
    expect([2, 0, 1, 1].map((i) => set.read(i).id)).toEqual(["c", "a", "b", "b"]);
    expect(set.read(1)).toMatchObject({ prompt: "木😀", limits: { timeMs: 6000 } });
    expect(set.read(1)).toBe(set.read(1));
  });

  it("holds few: problems that were not read lately are read again", async () => {
    const set = await opened(["a", "b", "c"].map((id) => line(id, "x".repeat(4_000_000))).join("\n"));
    const [first, second] = [set.read(0), set.read(1)];
    set.read(2);
    expect(set.read(1)).toBe(second);
    expect(set.read(0)).not.toBe(first);
    expect(set.read(0)).toEqual(first);
  });

  it("keeps and marks what it is asked to", async () => {
    const set = await opened(["a", "bb", "c", "dd", "e"].map((id) => line(id)).join("\n"), {
      keep: ({ id }) => id !== "a",
      mark: ({ id }) => id.length === 2,
    });
    expect([set.size, set.leftOut, set.marked.size, set.marked.read(1).id]).toEqual([4, 1, 2, "dd"]);
  });

  test.each([
    ["an id twice", `${line("a")}\n${line("b")}\n${line("a")}`, /:3: id: "a" is the id of line 1 too/],
    ["a broken line", `${line("a")}\n{"id": 1`, /:2: not JSON/],
    ["a wrong field", `${line("a")}\n${line("b").replace("prompt", "promt")}`, /:2: unknown key "promt"/],
    ["nothing", "\n\n", /no problems in it/],
  ])("%s is an error with its line", async (_, content, message) => {
    await expect(opened(content)).rejects.toThrow(message);
  });

  it("says so when the file changes under it", async () => {
    const set = await opened(`${line("a")}\n${line("b")}`);
    writeFileSync(join(folder, `${open.length - 1}.jsonl`), "x".repeat(500));
    expect(() => set.read(1)).toThrow(/:2: is not what it was when the run began/);
  });

  it("names the command that converts a file in another format", async () => {
    const parquet = join(folder, "train.parquet");
    copyFileSync(fileURLToPath(new URL("sources/fixtures/prime.parquet", import.meta.url)), parquet);
    await expect(ProblemSet.open(parquet)).rejects.toThrow(
      `coderlplus data convert ${parquet} --out ${join(folder, "train-problems.jsonl")}`,
    );
    const zipped = file("own.jsonl.gz", gzipSync(line("a")));
    await expect(ProblemSet.open(zipped)).rejects.toThrow(
      /not plain JSON lines.*\n.*data convert .*own-problems\.jsonl/,
    );
  });
});
