import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Json, stringifyJson } from "../../core/json.js";
import type { Execution, Job, World } from "../job.js";
import { openSandbox, type Sandbox } from "../sandbox.js";

const limits = { timeMs: 100, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 2 });
});
afterAll(() => sandbox.close());

const run = (source: string, more: Partial<Job> = {}, world: World = "first"): Promise<Execution> =>
  sandbox.lease(
    (room) => room.run({ request: { op: "run", name: "__main__", source, preamble: "" }, stdin: "", limits, ...more }),
    { language: "javascript", world },
  );
const call = async (source: string, name: string, ...values: Json[]): Promise<Execution> => {
  const call = { function: name, arguments: values, keywords: {} };
  return run("", { request: { op: "run", name: "program", source, preamble: "", call } });
};
const text = ({ reply }: Execution): string => stringifyJson(reply?.returned);

test("the same program takes the same counted time in every thread and at every time", async () => {
  const source =
    "const m = new Map(); for (let i = 0; i < 200000; i++) m.set(i % 97, String(i)); console.log(m.size, Date.now())";
  const runs = await Promise.all(Array.from({ length: 8 }, () => run(source)));
  expect(new Set(runs.map(({ work, stdout }) => `${work} ${stdout}`)).size).toBe(1);
  expect(runs[0].work).toBeGreaterThan(1000);
});

test.each([
  ["a count", "let i = 0; for (;;) i++"],
  ["calls", "const f = (x) => x + 1; let i = 0; for (;;) i = f(i)"],
  ["promises", "(async () => { for (;;) await null })()"],
  ["timers", "const f = () => setTimeout(f, 0); f()"],
])("%s without an end are stopped by the count and not by the clock", async (_name, source) => {
  const runs = await Promise.all([1, 2].map(() => run(source)));
  for (const { ending, work } of runs) {
    expect(ending).toEqual({ kind: "timed-out", message: "the time budget is used up" });
    expect(work).toBe(runs[0].work);
  }
});

test("clock and chance are the same every time, and differ in a second world", async () => {
  const source = "console.log(Date.now(), Math.random(), new Date().getTimezoneOffset(), performance.now())";
  const [one, again, other] = await Promise.all([run(source), run(source), run(source, {}, "second")]);
  expect(one.stdout).toMatch(/^17672256\d{5} 0\.\d+ 0 /);
  expect(again.stdout).toBe(one.stdout);
  const [first, second] = [one.stdout.split(" "), other.stdout.split(" ")];
  expect(first.map((word, at) => word === second[at]).slice(0, 2)).toEqual([false, false]);
});

test("timers move the clock by what they wait, and no more", async () => {
  const { stdout, cpuMs } = await run(
    "const t = Date.now(); setTimeout(() => console.log(Date.now() - t), 3600000); setTimeout(() => console.log(1), 10)",
  );
  expect(stdout).toMatch(/^1\n360000[01]\n$/);
  expect(cpuMs).toBeLessThan(60000);
});

test("a program's globals and prototypes are gone in the next, also after one that was killed or has grown", async () => {
  const dirt = "globalThis.x = 1; Array.prototype.y = 2; Object.freeze(Math); var z = 3;";
  for (const end of [
    "",
    "throw 1",
    "process.exit(1)",
    "for (;;);",
    "const a = []; for (;;) a.push(new Uint8Array(1 << 20))",
  ]) {
    await run(dirt + end);
    const { stdout } = await run("console.log(typeof x, [].y, Object.isFrozen(Math), typeof z)");
    expect(stdout).toBe("undefined undefined false undefined\n");
  }
});

test("a problem's files can be read and required, others cannot", async () => {
  const files = {
    "helper.js": "let n = 0; exports.next = () => ++n",
    "lib/more.js": "import { next } from '../helper.js'; export default next() + 10; export const two = 2",
    "data.json": '{"a": [1]}',
    "words.txt": "x y",
  };
  const source = `const { next } = require("./helper"); const more = require("./lib/more"); const fs = require("fs");
console.log(next(), more.default, more.two, require("./data.json"), fs.readFileSync("words.txt", "utf8"), fs.existsSync("no.txt"));
try { require("./no") } catch (e) { console.log(e.code) }`;
  expect((await run(source, { files })).stdout).toBe("2 11 2 { a: [ 1 ] } x y false\nMODULE_NOT_FOUND\n");
});

describe("values", () => {
  test.each<[string, string]>([
    ["2", "2"],
    ["2.0", "2"],
    ["-0.0", "-0.0"],
    ["2.5", "2.5"],
    ["9007199254740991", "9007199254740991"],
    ["9007199254740993", '{"$int": "9007199254740993"}'],
    ['{"$float": "nan"}', '{"$float": "nan"}'],
    ['{"$tuple": [1, [2]]}', "[1, [2]]"],
    ['{"$set": [2, 1]}', '{"$set": [1, 2]}'],
    ['{"$dict": [[1, "a"], [[2], "b"]]}', '{"$dict": [[1, "a"], [[2], "b"]]}'],
    ['{"__proto__": 1, "constructor": 2}', '{"__proto__": 1, "constructor": 2}'],
    ['"zero \\u0000, half \\ud800, line \\n"', '"zero \\u0000, half \\ud800, line \\n"'],
    ['{"$bytes": "00ff"}', "[0, 255]"],
  ])("%s comes back as %s", async (given, expected) => {
    const { parseJson } = await import("../../core/json.js");
    expect(text(await call("const f = (v) => v", "f", parseJson(given)))).toBe(expected);
  });

  test.each([
    ["async function f() { await null; return 3 }", "3"],
    ["const f = () => new Promise((r) => setTimeout(r, 1000, 4))", "4"],
    ["module.exports = { f: () => 5 }; const f = () => 6", "5"],
    ["exports.f = function () { return this === exports }", "false"],
    ["var f = function () { return [undefined, , 1] }", "[null, null, 1]"],
    ["class f { static make() { return 1 } }; f = () => 7", "7"],
    ["export default function f() { return 8 }", "8"],
    ["return; function f() { return 9 }", undefined],
  ])("%s gives %s", async (source, expected) => {
    const execution = await call(source, "f");
    if (expected === undefined) expect(execution.ending.kind).toBe("raised");
    else expect(text(execution)).toBe(expected);
  });

  test.each([
    ["class S { m(x) { return [x, this instanceof S] } }", "S.m", "[1, true]"],
    ["class S { static m(x) { return x } }", "S.m", "1"],
    ["const S = { m(x) { return this === S ? x : 0 } }", "S.m", "1"],
    ["function S() {} S.prototype.m = function (x) { return this instanceof S && x }", "S.m", "1"],
    ["const S = { T: class { m(x) { return x } } }", "S.T.m", "1"],
  ])("%s called as %s", async (source, path, expected) => {
    expect(text(await call(source, path, 1))).toBe(expected);
  });

  test.each([
    ["nothing", "const g = 1", "ReferenceError"],
    ["a value", "const f = 1", "TypeError"],
    ["a rejection", "const f = async () => { throw new RangeError('x') }", "RangeError"],
    ["a word of the language", "const f = 1", "ReferenceError"],
  ])("a call of %s raises", async (name, source, type) => {
    const { ending } = await call(source, name === "a word of the language" ? "class" : "f");
    expect(ending).toMatchObject({ kind: "raised", error: { type } });
  });
});
