// What hostile programs leave behind in an interpreter once it is put back: nothing, by a digest of all that can be
// reached. Those that hang are left to the watchdog, which takes the whole thread.

import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import type { Execution } from "../job.js";
import { Interpreter } from "./interpreter.js";

const limits = { timeMs: 100, memoryBytes: 48 << 20, outputBytes: 1 << 20 };
const programs = ["hostile", "hostile-more"].flatMap((name) => {
  const folder = new URL(`../fixtures/${name}/`, import.meta.url);
  return readdirSync(folder).map((file) => [file, readFileSync(new URL(file, folder), "utf8")] as const);
});
/** Only a watchdog ends these, or a guard after some seconds. */
const HANGS = /^# EXPECT: .*(hangs|slow|no bytecode boundary)|^(05|31)/;

let interpreter: Interpreter;
let fresh: string;
beforeAll(async () => {
  ({ interpreter } = await Interpreter.open("first"));
  fresh = interpreter.digest();
});

function run(source: string): Execution {
  const request = JSON.stringify({ op: "run", name: "__main__", source, preamble: "" });
  return interpreter.run({ request, stdin: "", limits });
}

describe("nothing is left of", () => {
  test.each(programs.filter(([name, source]) => !HANGS.test(name) && !HANGS.test(source)))("%s", (_name, source) => {
    const work = process.getActiveResourcesInfo().length;
    run(source);
    const { strayed } = interpreter;
    expect({ strayed, digest: interpreter.digest() }).toEqual({ strayed: false, digest: fresh });
    expect(process.getActiveResourcesInfo()).toHaveLength(work);
  });
});

describe("what a program must not change is seen when it is changed", () => {
  interface Inside {
    readonly _module: { readonly wasmTable: { grow(by: number): number }; readonly ENV: Record<string, string> };
    readonly FS: { writeFile(path: string, text: string): void; unlink(path: string): void };
  }
  /** The private field is out of reach: pyodide's own objects are found by the loader's global hook. */
  const inside = async (): Promise<{ one: Interpreter; python: Inside }> => {
    let python: Inside | undefined;
    const of = Interpreter.of.bind(Interpreter);
    Interpreter.of = (loaded, ports) => {
      python = loaded as unknown as Inside;
      return of(loaded, ports);
    };
    const { interpreter: one } = await Interpreter.open("first");
    Interpreter.of = of;
    if (!python) throw new Error("pyodide was not loaded");
    return { one, python };
  };

  test("a function table that has grown, and a file that was made, wear the interpreter out", async () => {
    const { one, python } = await inside();
    const before = one.digest();
    expect(one.strayed).toBe(false);
    python._module.wasmTable.grow(1);
    expect(one.strayed).toBe(true);
    expect(one.digest()).not.toBe(before);
    const other = await inside();
    other.python.FS.writeFile("/tmp/left", "x");
    expect(other.one.strayed).toBe(true);
  });

  test("a change in a variable of emscripten's shows in the digest", async () => {
    const { one, python } = await inside();
    const before = one.digest();
    python._module.ENV["LEFT"] = "1";
    expect(one.digest()).not.toBe(before);
  });
});
