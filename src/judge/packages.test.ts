// Wheels from a folder, here one of pure Python made on the spot.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judge } from "./judge.js";

let folder: string;
let sandbox: Sandbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "packages-"));
  const files = {
    "little/__init__.py": "from .inner import twice\nstate = []\n",
    "little/inner.py": "def twice(x): return 2 * x\n",
    "alone.py": "N = 7\n",
    "little-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: little\nVersion: 1.0\n",
    "little-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "little-1.0.dist-info/RECORD":
      "little/__init__.py,,\nlittle/inner.py,,\nalone.py,,\nlittle-1.0.dist-info/METADATA,,\nlittle-1.0.dist-info/RECORD,,\n",
  };
  writeFileSync(join(folder, "little-1.0-py3-none-any.whl"), zip(files));
  sandbox = await openSandbox({ workers: 1, packages: folder });
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

/** An archive whose files are stored as they are. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const [locals, directory]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(offset, 10);
    locals.push(Buffer.from("PK\x03\x04"), common, path, data);
    directory.push(Buffer.from("PK\x01\x02\x14\x00"), common, place, path);
    offset += 30 + path.length + data.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 4);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, listed, Buffer.from("PK\x05\x06"), end]);
}

const problem = (tests: readonly object[], preamble = "") =>
  problemSchema.parse({ id: "p", language: "python", prompt: "", preamble, tests });
const prints = (stdout: string) => ({ kind: "stdio", stdin: "", stdout });

test("programs import them, in every kind of test, and preambles find them", async () => {
  const program = "import alone\ndef f(x): return little.twice(x) + alone.N\nprint(f(1))";
  const tests = [
    prints("9\n"),
    { kind: "call", function: "f", arguments: [2], expected: 11 },
    { kind: "check", code: "def check(c):\n    assert c(3) == 13 and little.twice(1) == 2\n", entryPoint: "f" },
  ];
  const judgement = await judge(sandbox, problem(tests, "import little\nimport numpy"), program);
  expect(judgement.verdict.kind).toBe("passed");
  expect(judgement.protection).toBeUndefined();
  expect(judgement.skippedImports).toEqual(["numpy"]);
});

test("what one program does to a package is undone for the next", async () => {
  const program = "import little\nlittle.state.append(1)\nlittle.inner.twice = None\nprint(len(little.state))";
  for (let i = 0; i < 3; i++) {
    const { verdict } = await judge(sandbox, problem([prints("1\n"), prints("1\n")]), program);
    expect(verdict.kind).toBe("passed");
  }
});

test("a program finds no way to the host by them", async () => {
  const program = "import sys\nprint([n for n in sys.modules if 'pyodide' in n or n == 'js'])";
  expect((await judge(sandbox, problem([prints("[]\n")]), program)).verdict.kind).toBe("passed");
});

test("neither the native engine nor the wall goes with them", async () => {
  await expect(openSandbox({ packages: folder, engine: "native" })).rejects.toThrow(
    /wasm engine; found the engine "native"/,
  );
  await expect(openSandbox({ packages: folder, wall: "on" })).rejects.toThrow(/behind the wall; found the wall "on"/);
});

test.each([
  ["a folder that is not there", "nowhere", {}, /nowhere: cannot read the packages/],
  ["a folder without wheels", ".", {}, /no packages in it; expected wheels/],
  [
    "a wheel for another machine",
    ".",
    { "numpy-2.4.6-cp314-cp314-manylinux_2_27_x86_64.whl": "" },
    /manylinux_2_27_x86_64\.whl: not for this interpreter; expected a wheel for Python 3\.14 on pyemscripten_2026_0_wasm32/,
  ],
  ["a file that is no archive", ".", { "a-1-py3-none-any.whl": "abc" }, /a-1-py3-none-any\.whl: not a wheel/],
  [
    "a package that does not load",
    ".",
    { "b-1-py3-none-any.whl": null },
    /a package does not load \(ZeroDivisionError/,
  ],
] as const)("%s is an error that names it", async (_name, place, files, message) => {
  const own = mkdtempSync(join(tmpdir(), "packages-"));
  const broken = zip({
    "b.py": "1 / 0\n",
    "b-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: b\nVersion: 1\n",
    "b-1.dist-info/RECORD": "b.py,,\n",
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text ?? broken);
  await expect(openSandbox({ workers: 1, packages: join(own, place) })).rejects.toThrow(message);
  rmSync(own, { recursive: true });
});
