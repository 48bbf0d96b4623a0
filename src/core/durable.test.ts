import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { StorageError } from "./errors.js";
import { appendDurable, writeAtomic } from "./files.js";
import { removeFolderAtomic, sweepTemporary } from "./folders.js";
import { compiledModule } from "./worker.js";

const folder = (): string => mkdtempSync(join(tmpdir(), "coderlplus-durable-"));

describe("a file that is added to", () => {
  it("holds whole lines alone, also where there is no room for the next", () => {
    const path = join(folder(), "lines");
    const files = compiledModule(new URL("./files.js", import.meta.url))?.href;
    const script = `import { appendDurable } from ${JSON.stringify(files)};
      const line = "x".repeat(299) + "\\n";
      try { for (let i = 0; i < 100; i++) appendDurable(process.argv[1], line); }
      catch (error) { console.log(error.name + ": " + error.message); }`;
    const node = [process.execPath, "--input-type=module", "-e", script, path];
    const { stdout } = spawnSync("bash", ["-c", 'ulimit -f 1; exec "$@"', "bash", ...node], { encoding: "utf8" });
    expect(stdout.trim()).toBe(
      `StorageError: ${path}: cannot write it (larger than this process may write, as ulimit -f says)`,
    );
    const text = readFileSync(path, "utf8");
    expect(text.length).toBeGreaterThan(0);
    expect(text).toBe(`${"x".repeat(299)}\n`.repeat(text.length / 300));
  });

  it("is one clear error where its folder is a file", () => {
    const file = join(folder(), "file");
    writeFileSync(file, "");
    expect(() => appendDurable(join(file, "x"), "")).toThrow(StorageError);
    expect(() => writeAtomic(join(file, "y", "x"), "")).toThrow(/cannot write it \(its folder is a file\)/);
  });
});

describe("what a kill leaves", () => {
  it("is swept: what has the names of files and folders that were being written, and nothing else", () => {
    const path = folder();
    for (const name of ["a.jsonl.tmp-12", "b.tmp", "c.coderlplus-notes", "run.json"]) {
      writeFileSync(join(path, name), "");
    }
    for (const name of ["step-1.coderlplus-new", "step-2.coderlplus-old", "step-3"]) {
      mkdirSync(join(path, name));
      writeFileSync(join(path, name, "x"), "");
    }
    sweepTemporary(path);
    expect(readdirSync(path).toSorted()).toEqual(["b.tmp", "c.coderlplus-notes", "run.json", "step-3"]);
    sweepTemporary(join(path, "nowhere"));
  });

  it("is no half of a folder that was removed", () => {
    const path = join(folder(), "step-1");
    mkdirSync(path);
    writeFileSync(join(path, "x"), "");
    removeFolderAtomic(path);
    expect(existsSync(path)).toBe(false);
    removeFolderAtomic(path);
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });
});
