import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../../core/errors.js";
import { dataSets } from "../../problems/hub/catalogue.js";
import { benchmarks } from "./catalogue.js";
import { taskFiles, taskHash, taskPath } from "./task-location.js";

let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "coderlplus-tasks-"));
  home = process.cwd();
  process.chdir(folder);
});

afterEach(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
});

const fetched = { name: "livecodebench", file: { kind: "fetched", dataSet: "livecodebench" } } as const;

describe("where a benchmark's tasks lie", () => {
  it("is the package for those that ship with it", () => {
    const path = taskPath({ name: "humaneval", file: { kind: "bundled", path: "humaneval/HumanEval.jsonl.gz" } });
    expect(existsSync(path)).toBe(true);
    expect(taskFiles(path)).toEqual([path]);
  });

  it("is what the user names, before all else, and an error where that is not there", () => {
    writeFileSync("mine.jsonl", "{}\n");
    expect(taskPath(fetched, "mine.jsonl")).toBe("mine.jsonl");
    expect(() => taskPath(fetched, "no.jsonl")).toThrow(
      new UsageError("no.jsonl: no such file or folder; expected the tasks of livecodebench"),
    );
  });

  it("is where data fetch put them, and the error names the command, the size and the licence where they are not", () => {
    const leetcode = { name: "leetcode", file: { kind: "fetched", dataSet: "leetcode" } } as const;
    expect(() => taskPath(leetcode)).toThrow(
      /^leetcode: .*20240121-Jul\.jsonl is not in .*coderlplus data fetch leetcode {3}\(3\.0 MB; licence: DeepSeek.*--path/,
    );
    mkdirSync("data/leetcode", { recursive: true });
    writeFileSync("data/leetcode/20240121-Jul.jsonl.0123.part", "{}");
    expect(() => taskPath(leetcode)).toThrow(/data fetch leetcode/);
    writeFileSync("data/leetcode/20240121-Jul.jsonl", "{}\n");
    expect(taskPath(leetcode)).toBe(join("data", "leetcode", "20240121-Jul.jsonl"));
  });

  it("is a folder where the set has several files, and never a part of them", () => {
    mkdirSync("data/livecodebench", { recursive: true });
    for (const name of ["test.jsonl", "test2.jsonl", "test3.jsonl"]) {
      writeFileSync(join("data/livecodebench", name), "{}\n");
      expect(() => taskPath(fetched)).toThrow(/test4\.jsonl is not in .*data fetch livecodebench {3}\(3\.80 GB/);
    }
    writeFileSync("data/livecodebench/test4.jsonl", "{}\n");
    expect(taskPath(fetched)).toBe(join("data", "livecodebench"));
  });

  it("is whatever data file is there where the set is known by patterns only", () => {
    const reasoning = { name: "code-reasoning", file: { kind: "fetched", dataSet: "code-reasoning" } } as const;
    mkdirSync("data/code-reasoning/data", { recursive: true });
    writeFileSync("data/code-reasoning/SOURCE.json", "{}");
    expect(() => taskPath(reasoning)).toThrow(/data fetch code-reasoning/);
    writeFileSync("data/code-reasoning/data/test-0.parquet", "");
    expect(taskPath(reasoning)).toBe(join("data", "code-reasoning", "data", "test-0.parquet"));
  });
});

describe("every benchmark", () => {
  it("has its tasks in the package, or in a data set that can be fetched by its short name", () => {
    for (const benchmark of benchmarks) {
      const { file, name } = benchmark;
      if (file.kind === "bundled") expect(existsSync(taskPath(benchmark)), name).toBe(true);
      else expect(Object.keys(dataSets), name).toContain(file.dataSet);
    }
  });
});

describe("the files of a folder of tasks", () => {
  it("are its data files in the order of their names, without what data fetch notes and what is half there", () => {
    mkdirSync("set/data", { recursive: true });
    for (const name of ["test2.jsonl", "test.jsonl", "data/a.parquet", "SOURCE.json", "x.jsonl.part", "README.md"]) {
      writeFileSync(join("set", name), name);
    }
    expect(taskFiles("set")).toEqual(["data/a.parquet", "test.jsonl", "test2.jsonl"].map((name) => join("set", name)));
    mkdirSync("empty");
    expect(() => taskFiles("empty")).toThrow(/^empty: holds no data file; expected \.jsonl/);
  });

  it("have a hash that follows from what is in them, and is the file's own for one file", () => {
    writeFileSync("one.jsonl", "{}\n");
    expect(taskHash("one.jsonl")).toBe("ca3d163bab055381827226140568f3bef7eaac187cebd76878e0b63e9e442356");
    mkdirSync("set");
    writeFileSync("set/a.jsonl", "{}\n");
    expect(taskHash("set")).toBe(taskHash("one.jsonl"));
    writeFileSync("set/b.jsonl", "{}\n");
    const both = taskHash("set");
    writeFileSync("set/b.jsonl", "{} \n");
    expect(taskHash("set")).not.toBe(both);
  });
});
