// The same programs here and in Node, which is always there: same output, same end.

import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultLimits } from "../../problems/problem.js";
import type { Ending } from "../job.js";
import { openSandbox, type Sandbox } from "../sandbox.js";

let sandbox: Sandbox;
let folder: string;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
  folder = mkdtempSync(join(tmpdir(), "javascript-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

const LINES = "3\n1 2 3\nlast line\n";
const PROGRAMS: ReadonlyArray<readonly [name: string, source: string, stdin?: string]> = [
  ["everything at once", "const s = require('fs').readFileSync(0, 'utf8'); console.log(s.split('\\n'))"],
  ["by the device's name", "console.log(require('fs').readFileSync('/dev/stdin', 'utf-8').length)"],
  ["bytes", "console.log(require('node:fs').readFileSync(0).toString().trim().split('\\n').map(Number))"],
  ["an encoding in an object", "console.log(require('fs').readFileSync(0, { encoding: 'utf8' }))"],
  [
    "characters of all sizes",
    "const b = require('fs').readFileSync(0); console.log(b.length, b.toString())",
    "aé€😀\n",
  ],
  [
    "lines by listeners",
    "const rl = require('readline').createInterface({ input: process.stdin }); const a = []; rl.on('line', (l) => a.push(l)).on('close', () => console.log(a))",
  ],
  [
    "lines in a loop",
    "const rl = require('readline').createInterface({ input: process.stdin }); (async () => { for await (const l of rl) console.log('<' + l + '>'); console.log('end'); })();",
  ],
  [
    "a first line and the rest",
    "const rl = require('readline').createInterface({ input: process.stdin, terminal: false }); rl.once('line', (n) => { console.log('n', n); rl.on('line', (l) => console.log('l', l)); }); rl.on('close', () => console.log('bye'))",
  ],
  [
    "questions",
    "const rl = require('readline').createInterface({ input: process.stdin, output: process.stdout }); rl.question('', (a) => { rl.question('', (b) => { console.log(a, b); rl.close(); }); })",
  ],
  [
    "lines that end in two ways",
    "const rl = require('readline').createInterface({ input: process.stdin }); rl.on('line', (l) => console.log(JSON.stringify(l)))",
    "a\r\nb\nc",
  ],
  [
    "data and end",
    "let t = ''; process.stdin.setEncoding('utf8'); process.stdin.on('data', (c) => (t += c)); process.stdin.on('end', () => console.log(t.trim().split(/\\s+/).length))",
  ],
  [
    "a loop over the stream",
    "(async () => { let t = ''; for await (const c of process.stdin) t += c; console.log(t.length); })();",
  ],
  [
    "readable",
    "let t = ''; process.stdin.on('readable', () => { let c; while ((c = process.stdin.read()) !== null) t += c; }); process.stdin.on('end', () => console.log(t))",
  ],
  [
    "no input",
    "process.stdin.on('data', () => console.log('never')); process.stdin.on('end', () => console.log('end'))",
    "",
  ],
  [
    "a module",
    "import fs, { readFileSync } from 'fs';\nimport * as rl from 'node:readline';\nconst t = await Promise.resolve(readFileSync(0, 'utf8'));\nconsole.log(t.length, typeof fs.readFileSync, typeof rl.createInterface);\nexport const x = 1;\nexport default function f() {}\n",
  ],
  ["import later", "import('fs').then((fs) => console.log(fs.readFileSync(0, 'utf8').length))"],
  ["numbers", "console.log(1, -0, 0.1 + 0.2, 1e21, 1e-7, NaN, Infinity, 10n ** 20n, 0xff, 123456789012345680000)"],
  [
    "texts",
    "console.log('a', ['b', \"it's\", 'say \"hi\"', `it's \"both\"`, 'new\\nline', 'tab\\t', '\\u0001', '\\\\'])",
  ],
  ["arrays", "console.log([], [1, [2, [3, [4, [5]]]]], [undefined, null, , 3], new Array(5), [1.5, 'x', true])"],
  [
    "long arrays",
    "console.log(Array.from({ length: 120 }, (_, i) => i)); console.log(Array.from({ length: 30 }, (_, i) => 'word' + i)); console.log(Array.from({ length: 27 }, (_, i) => i * 1000))",
  ],
  [
    "grids",
    "console.log([[1, 2, 3], [4, 5, 6], [7, 8, 9]]); console.log(Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (_, j) => i * j)))",
  ],
  [
    "objects",
    "console.log({}, { a: 1, 'b-c': [1, { d: { e: { f: 1 } } }], 3: 'x', [Symbol('s')]: 1 }, { f() {}, g: () => 1, get h() { return 1 } })",
  ],
  [
    "long objects",
    "console.log({ name: 'a fairly long name here', value: 'another rather long value', list: [1, 2, 3, 4, 5, 6, 7, 8], more: { deep: true } })",
  ],
  [
    "objects in arrays",
    "console.log([{ a: 1, b: 2 }, { a: 3, b: 4 }, { a: 5, b: 'six' }], [{ id: 1, tags: ['x', 'y'], at: { x: 1, y: { z: [] } } }])",
  ],
  ["maps and sets", "console.log(new Map([['a', 1], [2, { x: 1 }]]), new Set([1, 'b', [3]]), new Map(), new Set())"],
  [
    "classes",
    "class P { constructor() { this.x = 1; this.#y = 2 } #y } class Q extends P {} console.log(new P(), new Q(), P, Q, Object.create(null), [new P()])",
  ],
  ["functions", "console.log(function f() {}, () => 1, async () => 1, function* g() {}, Math.max)"],
  [
    "dates, patterns, typed arrays",
    "console.log(new Date(0), /a+/g, new Uint8Array([1, 2]), [new Date(NaN)], new Float64Array(2))",
  ],
  ["a cycle", "const a = { b: [] }; a.b.push(a); console.log(a)"],
  ["boxed values and symbols", "console.log(Symbol('x'), new Number(3), new String('abc'), Object(true))"],
  [
    "formats",
    "console.log('%s is %d years and %i, %f, %j %O %%', 'Bob', 42, 3.7, '2.5', { a: 1 }, [1], 'extra', { b: 2 }); console.log('100%', 5); console.log('%s', { a: 1 }, 'x')",
  ],
  [
    "groups, counts, errors aside",
    "console.group('g'); console.log('in\\nside'); console.groupEnd(); console.log('out'); console.count(); console.count(); console.error('no'); console.info('i'); console.debug('d')",
  ],
  ["write", "process.stdout.write('a'); process.stdout.write('b\\n'); require('fs').writeSync(1, 'c\\n')"],
  [
    "an order of tasks",
    "setTimeout(() => { console.log('t0'); setImmediate(() => console.log('i')); }, 0); Promise.resolve().then(() => console.log('p')); queueMicrotask(() => console.log('q')); console.log('s'); setTimeout(() => console.log('t400'), 400); setTimeout(() => console.log('t200'), 200)",
  ],
  ["an interval", "let n = 0; const h = setInterval(() => { console.log(++n); if (n === 3) clearInterval(h); }, 5)"],
  [
    "await",
    "const sleep = (ms) => new Promise((r) => setTimeout(r, ms)); async function main() { for (let i = 0; i < 3; i++) { await sleep(5); console.log(i); } return 'done'; } main().then(console.log)",
  ],
  ["an exit", "console.log('a'); process.exit(0); console.log('b')"],
  ["an exit with a code", "process.on('exit', (c) => console.log('code', c)); process.exitCode = 3"],
  ["an exit in a finally", "try { process.exit(2) } catch { console.log('c') } finally { console.log('f') }"],
  ["a raise", "console.log('before'); throw new RangeError('too far')"],
  ["a rejection", "async function main() { console.log('x'); throw new Error('async') }\nmain();"],
  [
    "a rejection that is handled",
    "Promise.reject(new Error('x')).catch((e) => console.log(e.message)).finally(() => console.log('f'))",
  ],
  ["a raise in a timer", "setTimeout(() => { throw new TypeError('late') }, 1)"],
  ["its own text", "function f(a, b) { return a + b } console.log(f.toString(), String((x) => x * 2))"],
  [
    "main",
    "if (require.main === module) console.log('main', typeof module.exports, __filename.length > 0, process.argv.length)",
  ],
  [
    "clones and encodings",
    "const a = { x: [1, new Map([[1, 2]])] }; const b = structuredClone(a); b.x[0] = 9; console.log(a, b, new TextEncoder().encode('é'), Buffer.from('hi').toString())",
  ],
  [
    "newer built-ins",
    "console.log([3, 1, 2].toSorted(), [1, 2, 3].at(-1), Object.groupBy ? 'g' : 'g', 'abc'.replaceAll('b', 'x'), [1, [2, [3]]].flat(Infinity), Object.fromEntries([['a', 1]]))",
  ],
  [
    "a stack that is full",
    "function f(n) { return f(n + 1) + 1 } try { f(0) } catch (e) { console.log(e instanceof RangeError, e.name) }",
  ],
  [
    "errors of one's own",
    "class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; Error.captureStackTrace(this, MyError) } } try { throw new MyError('x') } catch (e) { console.log(e.name, e.message, e instanceof MyError, String(e)) }",
  ],
  ["a line for the shell", "#!/usr/bin/env node\nconsole.log('x')"],
  [
    "sloppy mode",
    "x = 5; console.log(x, (function () { return this === globalThis })(), (function () { 'use strict'; return this })(), this === module.exports)",
  ],
];

test.each(PROGRAMS.map(([name, source, stdin = LINES]) => [name, source, stdin] as const))(
  "%s: as Node does",
  async (_name, source, stdin) => {
    const isModule = /^import \w/m.test(source);
    const file = join(folder, isModule ? "program.mjs" : "program.js");
    writeFileSync(file, source);
    writeFileSync(join(folder, "stdin"), stdin);
    const input = openSync(join(folder, "stdin"), "r");
    const node = spawnSync(process.execPath, [file], { stdio: [input, "pipe", "pipe"], encoding: "utf8" });
    closeSync(input);
    const request = { op: "run", name: "__main__", source, preamble: "" };
    const here = await sandbox.lease((room) => room.run({ request, stdin, limits: defaultLimits }), {
      language: "javascript",
    });
    expect(here.stdout).toBe(node.stdout);
    expect(statusOf(here.ending)).toBe(node.status);
  },
);

/** Node ends with 1 after an error that nobody catches. */
function statusOf(ending: Ending): number {
  if (ending.kind === "exited") return ending.exitCode;
  return ending.kind === "finished" ? 0 : 1;
}
