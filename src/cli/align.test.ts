import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dropReasons, type Funnel } from "../alignment/example.js";
import { parseJson } from "../core/json.js";
import { moduleArguments } from "../core/worker.js";
import { alignmentExampleSchema } from "../runs/schemas.js";

const MAIN = moduleArguments(new URL("./main.js", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "align-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, rows: readonly object[]): string => {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
};
const run = (...flags: string[]) => spawnSync(process.execPath, [...MAIN, ...flags], { encoding: "utf8" });

const problems = (): string =>
  file("problems.jsonl", [
    {
      id: "sum",
      language: "python",
      prompt: "Add the numbers.",
      limits: { timeMs: 100 },
      tests: [
        { kind: "call", function: "f", arguments: [[1, 2]], expected: 3 },
        { kind: "call", function: "f", arguments: [[]], expected: 0 },
      ],
    },
    { id: "twice", language: "python", prompt: "Double it.", tests: [{ kind: "stdio", stdin: "3\n", stdout: "6\n" }] },
  ]);
const WRONG = "def f(x):\n    a = sum(x)\n    b = a + 1\n    return b\n";
const completions = (): string =>
  file("completions.jsonl", [
    { problem: "sum", program: WRONG },
    { problem: "twice", completion: "```python\nn = int(input())\nm = n * 3\nprint(m)\n```" },
    { problem: "sum", program: "def f(x):\n    a = 0\n    return sum(x)\n" },
    { problem: "sum", program: WRONG },
    { problem: "sum", completion: "I would rather not." },
    { problem: "sum", program: "def f(x):\n    a = len(x)\n    return a / 0\n" },
    { problem: "sum", program: "def f(x):\n    a = 1\n    while True: pass\n" },
    { problem: "twice", program: "import random\nr = random.random()\n" },
  ]);
const align = (out: string, ...flags: string[]) => {
  const path = join(folder, out);
  const result = run("align", "--problems", problems(), "--completions", completions(), "--out", path, ...flags);
  const lines = readFileSync(path, "utf8").split("\n").slice(0, -1);
  return { ...result, path, examples: lines.map((line) => alignmentExampleSchema.parse(parseJson(line))) };
};

test("failed programs become examples in input order, and every completion is in the funnel", () => {
  const { status, stdout, stderr, examples } = align("a.jsonl", "--json");
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(examples.map(({ problem, asked, truth, funnel }) => ({ problem, asked, truth, funnel }))).toEqual([
    { problem: "sum", asked: ["f.a", "f.b"], truth: { variables: { "f.a": 3, "f.b": 4 }, output: 4 }, funnel: "kept" },
    { problem: "twice", asked: ["n", "m"], truth: { variables: { n: 3, m: 9 }, output: "9\n" }, funnel: "kept" },
  ]);
  expect(examples[0]?.prompt).toContain("What is the final value of each of these variables");
  const funnel = JSON.parse(stdout) as Funnel;
  expect(funnel).toMatchObject({
    candidates: 8,
    kept: 2,
    dropped: { passed: 1, duplicate: 1, unparsable: 1, raised: 1, "timed-out": 1, nondeterministic: 1 },
  });
  expect(funnel.kept + dropReasons.reduce((sum, reason) => sum + funnel.dropped[reason], 0)).toBe(8);
});

test("the options choose programs, variables and words; one seed gives the same bytes", () => {
  const flags = ["--source", "all", "--include-raised", "--selection", "random", "--maximum-variables", "1"];
  const words = ["--dialect", "continuation", "--workers", "2", "--seed", "5"];
  const { examples, path, stdout } = align("b.jsonl", ...flags, ...words);
  expect(examples).toHaveLength(4);
  expect(examples.every(({ asked }) => asked.length === 1)).toBe(true);
  expect(examples[3]).toMatchObject({ truth: { variables: { "f.a": 2 }, output: "ZeroDivisionError" } });
  expect(examples[3]?.prompt).toMatch(/\n# f\(\[1, 2\]\) -> f\.a, output\n$/);
  expect(stdout).toMatch(/^ +programs\ncandidates +8\n/);
  expect(readFileSync(align("c.jsonl", ...flags, ...words).path)).toEqual(readFileSync(path));
  expect(align("d.jsonl", "--minimum-complexity", "2").examples).toEqual([]);
});

test.each([
  ["python", "helper.py", "n = 3", "from helper import n\nm = n * 2\nprint(m)\n"],
  ["javascript", "helper.js", "exports.n = 3", "const { n } = require('./helper')\nconst m = n * 2\nconsole.log(m)\n"],
])("a %s program is traced beside its problem's files", (language, name, text, program) => {
  const tests = [{ kind: "stdio", stdin: "", stdout: "7\n" }];
  const flags = [
    ["--problems", file("with-files.jsonl", [{ id: "a", language, prompt: "", tests, files: { [name]: text } }])],
    ["--completions", file("reading.jsonl", [{ problem: "a", program }])],
    ["--out", "-"],
  ].flat();
  const example = JSON.parse(run("align", ...flags).stdout) as { readonly truth: object };
  expect(example.truth).toMatchObject({ variables: { m: 6 }, output: "6\n" });
});

test("examples on standard output have it to themselves", () => {
  const result = run("align", "--problems", problems(), "--completions", completions(), "--out", "-");
  expect(result.stdout.trim().split("\n")).toHaveLength(2);
  expect(result.stderr).toContain("candidates");
});

test("unusable input: exit code 2 with file and line, before anything runs", () => {
  const result = run("align", "--problems", problems(), "--completions", file("bad.jsonl", [{ problem: "none" }]));
  expect(result.status).toBe(2);
  expect(result.stderr).toMatch(/bad\.jsonl:1: /);
  expect(run("align", "--problems", problems(), "--completions", completions(), "--source", "some").status).toBe(2);
});

test("a target says what is asked, and the problems' own programs need no completions", () => {
  const reference = "def f(x):\n    a = sum(x)\n    return a\n";
  const tests = [{ kind: "call", function: "f", arguments: [[1, 2]], expected: 3 }];
  const own = file("own.jsonl", [{ id: "sum", language: "python", prompt: "", tests, reference }]);
  const flags = ["align", "--problems", own, "--source", "references", "--out", "-", "--dialect", "continuation"];
  const result = run(...flags, "--target", "stepValues");
  expect(alignmentExampleSchema.parse(parseJson(result.stdout))).toMatchObject({
    target: "stepValues",
    asked: ["f.a@1"],
    truth: { variables: { "f.a@1": 3 } },
    prompt: `${reference}# f([1, 2]) -> f.a@1\n`,
  });
});

test("completions too few or too many are refused before anything runs", () => {
  const refused = (...flags: string[]): string => {
    const { status, stderr } = run("align", ...flags);
    expect(status).toBe(2);
    return stderr;
  };
  expect(refused("--problems", problems())).toContain("--source failed needs --completions");
  expect(refused("--problems", problems(), "--completions", completions(), "--source", "references")).toContain(
    "leave out --completions",
  );
});
