import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { moduleArguments } from "../core/worker.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "judge-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const run = (...flags: string[]) =>
  spawnSync(process.execPath, [...MAIN, ...flags], { encoding: "utf8", env: { ...process.env } });

const problems = (): string =>
  file(
    "problems.jsonl",
    [
      '{"id": "a", "language": "python", "prompt": "", "starterCode": "def f(x):\\n", "tests": [{"kind": "call", "function": "f", "arguments": [2.0], "expected": 4.0}]}',
      '{"id": "b", "language": "python", "prompt": "", "tests": [{"kind": "stdio", "stdin": "3\\n", "stdout": "6\\n"}], "limits": {"timeMs": 100}}',
    ].join("\n"),
  );

test("one line a completion, in input order, with an index per problem", () => {
  const completions = file(
    "completions.jsonl",
    [
      '{"problem": "b", "program": "while True: pass"}',
      '{"problem": "a", "completion": "    return x * x\\n", "continuesPrompt": true}',
      '{"problem": "b", "completion": "Sure:\\n```python\\nprint(int(input()) * 2)\\n```\\n"}',
      "",
      '{"problem": "b", "completion": "no code here, sorry"}',
      '{"problem": "a", "program": "def f(x): return int(x)", "metadata": {"any": 1}}',
    ].join("\n"),
  );
  const out = join(folder, "verdicts.jsonl");
  const result = run(
    "judge",
    "--problems",
    problems(),
    "--completions",
    completions,
    "--out",
    out,
    "--json",
    "--workers",
    "2",
  );
  expect(result.stderr).toBe("");
  expect(result.status).toBe(0);
  const rows = readFileSync(out, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(rows.map((row) => [row.problem, row.index, row.verdict.kind, row.verdict.reason])).toEqual([
    ["b", 0, "failed", "timed-out"],
    ["a", 0, "passed", undefined],
    ["b", 1, "passed", undefined],
    ["b", 2, "unparsable", undefined],
    ["a", 1, "failed", "wrong-answer"],
  ]);
  expect(Object.keys(rows[1])).toEqual(["problem", "index", "programSha256", "verdict", "tests", "engine", "cpuMs"]);
  expect(JSON.parse(result.stdout)).toMatchObject({
    total: 5,
    counts: { passed: 2, failed: 2, unparsable: 1, infrastructure: 0 },
  });
  // The value keeps its Python type on the way out.
  expect(readFileSync(out, "utf8")).toContain('"expected": 4.0, "got": 2');
});

test.each([
  ['{"problem": "c", "program": ""}', /c\.jsonl:1: .*no problem has the id "c"/],
  ['{"problem": "b", "program": ""}\n{"problem": "b"', /c\.jsonl:2: not JSON/],
  ['{"problem": "b", "programme": ""}', /c\.jsonl:1: .*programme.*did you mean "program"/],
  ['{"problem": "b"}', /c\.jsonl:1: .*either "completion" or "program"/],
])("unusable input %j: exit code 2, file and line, nothing written", (text, message) => {
  const out = join(folder, "none.jsonl");
  const result = run("judge", "--problems", problems(), "--completions", file("c.jsonl", text), "--out", out);
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(message);
  expect(result.stdout).toBe("");
  expect(existsSync(out)).toBe(false);
});

test.each([
  ["a folder", () => folder, /it is a folder/],
  ["a folder that is not there", () => join(folder, "no", "out.jsonl"), /its folder does not exist/],
])("--out %s: exit code 2 before anything runs", (_, out, message) => {
  const endless = '{"problem": "b", "program": "while True: pass"}\n'.repeat(500);
  const result = run("judge", "--problems", problems(), "--completions", file("c.jsonl", endless), "--out", out());
  expect(result.stderr).toMatch(message);
  expect(result.status).toBe(2);
});

test("metadata goes through, and verdicts on /dev/stdout have it to themselves", () => {
  const metadata = '{"10": 1.0, "2": [null]}';
  const completions = file("c.jsonl", `{"problem": "a", "program": "def f(x): return x * x", "metadata": ${metadata}}`);
  const result = run("judge", "--problems", problems(), "--completions", completions, "--out", "/dev/stdout");
  expect(result.status).toBe(0);
  expect(result.stdout.trim().split("\n")).toHaveLength(1);
  expect(result.stdout).toContain(`"metadata": ${metadata}`);
});

test("a program gets a dict in the order of the file", () => {
  const test =
    '{"kind": "call", "function": "f", "arguments": [{"10": 1, "2": 2}], "keywords": {"k": {"b": 1, "0": 2}}';
  const path = file(
    "order.jsonl",
    `{"id": "a", "language": "python", "prompt": "", "tests": [${test}, "expected": ["10", "2", "b", "0"]}]}`,
  );
  const completions = file("c.jsonl", '{"problem": "a", "program": "def f(d, k): return [*d, *k]"}');
  const result = run("judge", "--problems", path, "--completions", completions, "--json");
  expect(JSON.parse(result.stdout)).toMatchObject({ counts: { passed: 1 } });
});

test("a problem that cannot be judged is named once, and the exit code is 1", () => {
  const test = '{"kind": "assert", "code": "assert f("}';
  const path = file("broken.jsonl", `{"id": "a", "language": "python", "prompt": "", "tests": [${test}]}`);
  const one = '{"problem": "a", "program": "def f(x): return x"}\n';
  const result = run("judge", "--problems", path, "--completions", file("c.jsonl", one + one), "--json");
  expect(JSON.parse(result.stdout)).toMatchObject({ counts: { infrastructure: 2 } });
  expect(result.stderr).toMatch(/^coderlplus: infrastructure: a: tests\[0\]\.code: SyntaxError: [^\n]*\n$/);
  expect(result.status).toBe(1);
});

test("a wrong flag is a usage error", () => {
  const completions = file("c.jsonl", '{"problem": "b", "program": ""}');
  for (const flags of [["--mode", "lenient"], ["--workers", "0"], ["--workers", "1.5"], ["--nonsense"]]) {
    expect(run("judge", "--problems", problems(), "--completions", completions, ...flags).status).toBe(2);
  }
});

test("trace prints exactly the published keys", () => {
  const path = file("p.py", "def f(a):\n    b = a * 2.0\n    return b\nprint(f(1))\n");
  const result = run("trace", path, "--call", "f(3)", "--json");
  expect(result.status).toBe(0);
  expect(result.stdout).toBe(
    '{"status": "ok", "variables": {"f.a": 3, "f.b": 6.0}, "recursive": [], "ambiguous": [], "nondeterministic": [], ' +
      '"tampered": false, "stdout": "2.0\\n", "returned": 6.0, "engine": "wasm/cpython-3.14.2"}\n',
  );
});

test("trace reads standard input from a file, and reports a failed program with exit code 0", () => {
  const path = file("q.py", "n = int(input())\nm = [n][n]\n");
  const result = run("trace", path, "--stdin", file("q.txt", "5\n"), "--json");
  expect(result.status).toBe(0);
  expect(JSON.parse(result.stdout)).toMatchObject({ status: "error:IndexError", variables: { n: 5 } });
});

test("trace takes a file with a byte order mark", () => {
  const result = run("trace", file("bom.py", "\uFEFFx = 1\n"), "--json");
  expect(JSON.parse(result.stdout)).toMatchObject({ status: "ok", variables: { x: 1 } });
});

test("trace: a missing file, one that is not UTF-8 and a broken call are usage errors", () => {
  expect(run("trace", join(folder, "nowhere.py")).status).toBe(2);
  const latin = join(folder, "latin.py");
  writeFileSync(latin, Buffer.from("# -*- coding: latin-1 -*-\ns = '\xe4'\n", "latin1"));
  const result = run("trace", latin);
  expect(result.stderr).toMatch(/latin\.py:2: not UTF-8/);
  expect(result.status).toBe(2);
  expect(run("trace", file("r.py", "x = 1"), "--call", "f(").status).toBe(2);
});

test.skipIf(!existsSync("/dev/full"))(
  "a standard output that takes no more is one line, or none, never a stack",
  () => {
    const path = file("full.py", "x = 1\n");
    const command = `'${[process.execPath, ...MAIN].join("' '")}' trace '${path}'`;
    const full = spawnSync("bash", ["-c", `${command} > /dev/full`], { encoding: "utf8" });
    expect(full.stderr).toMatch(/^coderlplus: standard output: .*no space left.*\n$/);
    expect(full.status).toBe(1);
    const closed = spawnSync("bash", ["-o", "pipefail", "-c", `${command} | true`], { encoding: "utf8" });
    expect(closed).toMatchObject({ stderr: "", status: 1 });
  },
);
