// JavaScript programs that attack the judge. Each is followed by an honest one in the same thread, which must not notice.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Json } from "../core/json.js";
import { type Problem, problemSchema, type Test } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judge } from "./judge.js";
import type { TestKind, TestOutcome } from "./verdict.js";

const limits = { timeMs: 200, memoryBytes: 64 << 20, outputBytes: 1 << 20 };
let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

function problem(...tests: Test[]): Problem {
  return problemSchema.parse({ id: "hostile", language: "javascript", prompt: "", tests, limits });
}

async function outcome(source: string, test: Test): Promise<TestOutcome> {
  const { verdict, tests } = await judge(sandbox, problem(test), source);
  expect(verdict.kind).not.toBe("infrastructure");
  expect(tests).toHaveLength(1);
  return tests[0];
}

const stdio = (stdout = "SECRET-ANSWER\n"): Test => ({ kind: "stdio", stdin: "", stdout });
const call = (expected: Json = "SECRET"): Test => ({ kind: "call", function: "f", arguments: [[1]], expected });

const CANARY = `const m = new Map([["a", 1]]); class P { x = 1; toJSON() { return 2 } }
console.log([2, 1].sort(), Object.keys({ a: 1 }), JSON.stringify([..."ab"].map((c) => c + 1)), m, new P(), String(Promise), typeof leaked);
setTimeout(() => Promise.resolve(3).then(console.log), 5);`;
const CANARY_OUTPUT = `[ 1, 2 ] [ 'a' ] ["a1","b1"] Map(1) { 'a' => 1 } P { x: 1 } function Promise() {
    [native code]
} undefined
3
`;

afterEach(async () => {
  expect((await outcome(CANARY, stdio(CANARY_OUTPUT))).kind).toBe("passed");
  expect((await outcome("const f = (a) => a.concat(new Set(a))", call([1, { $set: [1] }]))).kind).toBe("passed");
});

const PROGRAMS: ReadonlyArray<readonly [name: string, source: string, allowed: readonly TestKind[]]> = [
  ["an endless loop", "for (;;) {}", ["timed-out"]],
  ["a loop that catches everything", "for (;;) { try { for (;;) {} } catch {} finally { continue } }", ["timed-out"]],
  ["a regular expression that backtracks", "/^(a+)+$/.test('a'.repeat(40) + 'b')", ["timed-out"]],
  ["promises without an end", "(function f() { Promise.resolve().then(f) })()", ["timed-out"]],
  ["timers without an end", "(function f() { setTimeout(f, 1e9) })()", ["timed-out"]],
  ["an interval that nobody stops", "setInterval(() => {}, 1e9)", ["timed-out"]],
  [
    "a generator without an end",
    "function* g() { for (;;) try { yield 1 } finally { continue } } for (const x of g());",
    ["timed-out"],
  ],
  ["an async loop that catches its end", "(async () => { for (;;) try { await null } catch {} })()", ["timed-out"]],
  ["a loop that waits for the clock", "const t = Date.now() + 1e9; while (Date.now() < t);", ["timed-out"]],
  ["many small objects", "const a = []; for (;;) a.push({ x: [1] })", ["out-of-memory", "timed-out"]],
  ["large arrays", "const a = []; for (;;) a.push(new Uint8Array(1 << 20).fill(1))", ["out-of-memory"]],
  [
    "large arrays, caught",
    "const a = []; for (;;) try { a.push(new Uint8Array(1 << 20).fill(1)) } catch {}",
    ["out-of-memory"],
  ],
  ["a text that doubles", "let s = 'xy'; for (;;) s += s", ["out-of-memory", "raised"]],
  ["a text of two gigabytes", "'x'.repeat(2 ** 31)", ["out-of-memory", "raised"]],
  ["an array of all indexes", "new Array(2 ** 32 - 1).fill(0)", ["out-of-memory", "timed-out"]],
  ["a huge power", "console.log((7n ** (10n ** 9n)).toString().length)", ["timed-out", "out-of-memory", "raised"]],
  ["recursion", "function f() { return f() + 1 } f()", ["raised"]],
  ["recursion through built-ins", "const f = () => [1].map(f); f()", ["raised"]],
  ["recursion through getters", "const o = { get x() { return this.x } }; o.x", ["raised"]],
  [
    "a deep value",
    "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; console.log(JSON.stringify(a).length)",
    ["raised", "timed-out"],
  ],
  ["a deep text", "eval('['.repeat(1e6))", ["raised", "timed-out"]],
  ["output without an end", "for (;;) console.log('x'.repeat(1000))", ["output-limit"]],
  ["output that is caught", "for (;;) try { console.error('x'.repeat(1000)) } catch {}", ["output-limit"]],
  ["an exit before the answer", "process.exit(0)", ["wrong-answer"]],
  ["an exit with a code after it", "console.log('SECRET-ANSWER'); process.exit(3)", ["exited"]],
  ["an exit that is caught", "try { process.exit(0) } finally { console.log('SECRET-ANSWER') }", ["wrong-answer"]],
  ["an exit handler without an end", "process.on('exit', () => { for (;;) {} })", ["timed-out"]],
  ["a raise after the answer", "console.log('SECRET-ANSWER'); throw 1", ["raised"]],
  ["a rejection after the answer", "console.log('SECRET-ANSWER'); (async () => { throw null })();", ["raised"]],
  [
    "a promise that never settles",
    "console.log('SECRET-ANSWER'); export const x = await new Promise(() => {})",
    ["exited"],
  ],
  ["odd things thrown", "throw new Proxy({}, { get() { throw 1 }, getPrototypeOf() { throw 2 } })", ["raised"]],
  ["a getter thrown", "throw { get name() { for (;;); }, get message() { throw 1 } }", ["raised"]],
  ["a symbol thrown", "throw Symbol('x')", ["raised"]],
  ["a wait of a thread", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", ["raised", "timed-out"]],
  ["a function made of text", "new Function('for (;;) {}')()", ["timed-out"]],
  [
    "an import of the machine's files",
    "import('/etc/passwd').then((m) => console.log(m))\n.catch((e) => { throw e })",
    ["raised", "wrong-answer"],
  ],
  ["a file of the machine", "console.log(require('fs').readFileSync('/etc/passwd', 'utf8'))", ["raised"]],
  ["modules that are not there", "require('child_process').execSync('id')", ["raised"]],
  [
    "the interpreter's own modules",
    "console.log(typeof std, typeof os, typeof scriptArgs, typeof print); import('std')\n.then(console.log, () => {})",
    ["wrong-answer"],
  ],
  ["an import in a text", "eval(\"import('fs').then(console.log, (e) => { throw e })\")", ["wrong-answer", "raised"]],
  [
    "what functions were called by",
    "console.log(console.log.caller, console.log.arguments)",
    ["raised", "wrong-answer"],
  ],
  [
    "stacks taken apart",
    "Error.prepareStackTrace = (e, s) => s[0].getThis(); console.log(new Error().stack)",
    ["wrong-answer"],
  ],
  [
    "the way out through constructors",
    "console.log(console.log.constructor('return typeof host + typeof ask + typeof advance')())",
    ["wrong-answer"],
  ],
  [
    "a body that closes its function",
    "}); console.log('x'); (function () {",
    ["wrong-answer", "unparsable" as TestKind],
  ],
  ["a zero in the output", "console.log('SECRET-ANSWER\\0')", ["wrong-answer"]],
  ["half characters", "console.log('SECRET-ANSWER\\ud800')", ["wrong-answer"]],
  ["a forged reply", 'console.log(\'{"end": "finished"}\'); process.exit(\'0"}\')', ["raised"]],
];

describe("programs", () => {
  test.each(PROGRAMS)("%s", async (_name, source, allowed) => {
    expect(allowed).toContain((await outcome(source, stdio())).kind);
  });
});

const PATCHES = [
  "Array.prototype.map = Array.prototype.push = Array.prototype.join = () => { throw 1 }",
  "Array.prototype[Symbol.iterator] = function* () { yield 'SECRET' }; Object.keys = Object.entries = () => ['SECRET']",
  "JSON.stringify = () => '\"SECRET\"'; JSON.parse = () => 'SECRET'",
  "Object.prototype.value = 'SECRET'; Object.prototype.get = () => 'SECRET'; Object.prototype.enumerable = false",
  "Object.defineProperty(Object.prototype, '0', { get: () => 'SECRET', set() { throw 1 } })",
  "Object.defineProperty(Array.prototype, 0, { set() { throw 1 } }); Array.prototype.toJSON = () => 'SECRET'",
  "String.prototype.toJSON = String.prototype.toString = () => 'SECRET'; Symbol.prototype[Symbol.toPrimitive] = null",
  "Reflect.ownKeys = Reflect.apply = Reflect.getPrototypeOf = () => 'SECRET'; globalThis.Reflect = null",
  "Function.prototype.call = Function.prototype.apply = Function.prototype.bind = () => 'SECRET'",
  "Promise.prototype.then = Promise.resolve = () => 'SECRET'; globalThis.Promise = class {}",
  "Map.prototype.get = Map.prototype.set = Map.prototype.entries = () => 'SECRET'; globalThis.Map = Set",
  "Error.prototype.toString = null; Object.freeze(Object.prototype); Object.setPrototypeOf(Array.prototype, null)",
  "for (const k of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[k] } catch {}",
  "globalThis.leaked = 1; console.log = () => {}; process.stdout.write = () => {}; require = () => 'SECRET'",
];

describe("patched built-ins change no result", () => {
  test.each(PATCHES)("%s", async (patch) => {
    const source = `const f = (a) => ({ a, b: [-0, 1.5, "x"], c: null });\n${patch};`;
    expect(await outcome(source, call({ a: [1], b: [0, 1.5, "x"], c: null }))).toMatchObject({ kind: "passed" });
  });
});

const RESULTS: ReadonlyArray<readonly [source: string, got: Json]> = [
  ["const f = () => ({ toJSON: () => 'SECRET', valueOf: () => 'SECRET' })", { $foreign: "Object" }],
  ["const f = () => ({ get x() { return 'SECRET' } })", { $foreign: "Object" }],
  ["const f = () => new Proxy(['SECRET'], {})", { $foreign: "Proxy" }],
  ["const f = () => Proxy.revocable({}, {}).proxy", { $foreign: "Proxy" }],
  ["const f = () => Object.assign([1], { 0: f })", { $foreign: "Array" }],
  ["const f = () => new String('SECRET')", { $foreign: "String" }],
  ["class S extends String {} const f = () => new S('SECRET')", { $foreign: "S" }],
  ["class A extends Array {} const f = () => A.of('SECRET')", { $foreign: "A" }],
  ["const f = () => Object.defineProperty([1], 0, { get: () => 'SECRET' })", { $foreign: "Array" }],
  ["const f = () => ({ __proto__: { x: 'SECRET' } })", { $foreign: "object" }],
  ["const f = () => ({ $foreign: 1 })", { $dict: [["$foreign", 1]] }],
  ["const f = () => ({ $tuple: ['SECRET'] })", { $dict: [["$tuple", ["SECRET"]]] }],
  ["const f = () => { const a = [1]; a.push(a); return a }", [1, { $cycle: 1 }]],
  ["const f = () => [undefined, , NaN, -0, 2 ** 53, 10n ** 20n]", null],
  ["const f = () => new (class P { x = 1; #y = 2 })()", { $obj: "P", attrs: { x: 1 } }],
  ["const f = () => [new Date(0), new Uint8Array([1]), new Map([[1, 'a']]), new Set(['b', 2, 1])]", null],
];

describe("results are claims by exact type", () => {
  test.each(RESULTS)("%s", async (source, got) => {
    const result = await outcome(source, call());
    expect(result.kind).toBe("wrong-answer");
    if (got !== null && result.kind === "wrong-answer") expect(result.got).toEqual(got);
  });

  test("the expected output is in no program's reach", async () => {
    const source = `const seen = []; for (const k of Object.getOwnPropertyNames(globalThis)) seen.push(k, String(globalThis[k]));
console.log(seen.join(' '), new Error().stack, typeof module, Object.keys(require))`;
    const result = await outcome(source, stdio());
    expect(result.kind === "wrong-answer" && result.got).not.toContain("SECRET");
  });
});

describe("checks", () => {
  const check = (code: string): Test => ({
    kind: "check",
    code: `function check(candidate) {\n${code}\n}`,
    entryPoint: "f",
  });
  test.each([
    [
      "an assert that is patched away",
      "require('assert').strictEqual = () => {}; const f = () => 1",
      "assert.strictEqual(candidate(), 2)",
    ],
    [
      "a value that equals everything",
      "const f = () => ({ valueOf: () => 2, [Symbol.toPrimitive]: () => 2 })",
      "assert.strictEqual(candidate(), 2)",
    ],
    ["a console that is silenced", "console.assert = () => {}; const f = () => 1", "console.assert(candidate() === 2)"],
    ["an exit in the call", "const f = () => process.exit(0)", "assert.strictEqual(candidate(), 2)"],
    ["a loop in the call", "const f = () => { for (;;); }", "assert.strictEqual(candidate(), 2)"],
    [
      "an error of the test's kind",
      "const f = () => { throw new (require('assert').AssertionError)('x') }",
      "assert.strictEqual(candidate(), 2)",
    ],
    [
      "a forged reference",
      "const f = () => ({ $ref: 0, $undefined: true })",
      "assert.strictEqual(candidate(), undefined)",
    ],
  ])("%s does not pass", async (_name, source, code) => {
    const judgement = await judge(sandbox, problem(check(code)), source);
    expect(judgement.verdict.kind).toBe("failed");
    expect(judgement.protection).toBeUndefined();
  });
});

test("a thousand programs later the memory has not grown", async () => {
  const one = problem(stdio("1\n"));
  const many = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++)
      await judge(sandbox, one, `const x = new Array(20000).fill([${i}]);\nconsole.log(1)`);
    return process.memoryUsage().rss;
  };
  const before = await many(200);
  expect((await many(1000)) - before).toBeLessThan(64 << 20);
});
