import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deflateSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { stringifyJson } from "../../core/json.js";
import type { Problem } from "../problem.js";
import type { FormatName } from "./formats.js";
import { openSource, type SourceItem } from "./source.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-formats-"));
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));
let files = 0;

async function readFile(path: string): Promise<{ format: FormatName; items: SourceItem[] }> {
  const source = await openSource(path);
  const items: SourceItem[] = [];
  for await (const item of source) items.push(item);
  return { format: source.format, items };
}

/** Rows as JSON texts or plain values, through a file. */
async function readRows(...rows: readonly unknown[]): Promise<{ format: FormatName; items: SourceItem[] }> {
  const path = join(folder, `${files++}.jsonl`);
  writeFileSync(path, rows.map((row) => (typeof row === "string" ? row : JSON.stringify(row))).join("\n"));
  return readFile(path);
}

async function problemOf(row: unknown): Promise<Problem> {
  const { items } = await readRows(row);
  const [item] = items;
  if (item.kind !== "problem") throw new Error(`${item.reason}; ${item.detail}`);
  return item.problem;
}

async function reasonOf(row: unknown): Promise<string> {
  const [item] = (await readRows(row)).items;
  return item.kind === "problem" ? "a problem" : `${item.kind}: ${item.reason}; ${item.detail}`;
}

const texts = (problem: Problem): string[] => problem.tests.map((one) => stringifyJson(one));
const said = (items: readonly SourceItem[]): string[] =>
  items.map((item) => (item.kind === "problem" ? item.problem.id : `${item.kind}: ${item.reason}`));

describe("PRIME and CodeRL+", () => {
  it("keeps code and says of every other row why not", async () => {
    const { format, items } = await readFile(fixture("prime.parquet"));
    expect(format).toBe("prime");
    expect(said(items)).toEqual([
      "codecontests/0",
      "taco/1",
      "apps/2",
      "skipped: not code",
      "skipped: a ready-made alignment row",
      "malformed: ground_truth: expected a JSON text",
      "malformed: outputs: expected as many as inputs",
      "malformed: tests: expected at least one test: without tests nothing can be judged",
      "codecontests/0",
    ]);
  });

  it("takes the user's turn as prompt, and arguments with their Python types", async () => {
    const { items } = await readFile(fixture("prime.parquet"));
    const [stdio, lines, lists] = items.flatMap((item) => (item.kind === "problem" ? [item.problem] : []));
    expect(stdio).toMatchObject({ prompt: "Sum: é 木 😀", metadata: { system: "Think.", split: "train" } });
    expect(texts(stdio)[1]).toBe('{"kind": "stdio", "stdin": "3 4\\n", "stdout": "7\\n"}');
    expect(texts(lines)).toEqual([
      '{"kind": "call", "function": "f", "arguments": [[1, 2.0], {"$int": "9007199254740993"}], "expected": 2.0}',
      '{"kind": "call", "function": "f", "arguments": [[{"$float": "nan"}], -1], "expected": [1]}',
    ]);
    // Nested lists: results in lists of one, and whole numbers that JSON made text keys, are what they were in Python.
    expect(texts(lists)).toEqual([
      '{"kind": "call", "function": "Solution.f", "arguments": [{"$dict": [[1, 2]]}, "a"], "expected": [1]}',
      '{"kind": "call", "function": "Solution.f", "arguments": [{"$dict": [[3, -0.0]]}, "b"], "expected": [2]}',
    ]);
  });
});

describe("APPS and TACO", () => {
  const row = { question: "Q", solutions: '["def f(x): return x"]', difficulty: "EASY" };
  const inputOutput = (value: unknown): string => JSON.stringify(value);

  it("reads programs and functions, with a solution as reference", async () => {
    const stdio = await problemOf({
      ...row,
      problem_id: 7,
      starter_code: "",
      input_output: inputOutput({ inputs: ["1\n", ["2", "3"]], outputs: ["1\n", 5] }),
    });
    expect(stdio).toMatchObject({
      id: "apps/7",
      license: "MIT",
      reference: "def f(x): return x",
      metadata: { difficulty: "EASY" },
    });
    expect(stdio.starterCode).toBeUndefined();
    expect(stdio.tests).toEqual([
      { kind: "stdio", stdin: "1\n", stdout: "1\n" },
      { kind: "stdio", stdin: "2\n3", stdout: "5" },
    ]);
    const method = await problemOf({
      ...row,
      skill_types: "[]",
      source: "leetcode",
      starter_code: "class Solution:\n    def g(self, a):",
      input_output: inputOutput({ fn_name: "g", inputs: [[[1, 2]], [[3]]], outputs: [3, 3] }),
    });
    expect(method).toMatchObject({
      id: "taco/0",
      source: "taco",
      entryPoint: "Solution.g",
      comparison: { tupleAsList: true },
    });
    expect(method.tests[0]).toEqual({ kind: "call", function: "Solution.g", arguments: [[1, 2]], expected: 3 });
  });

  test.each([
    ["no tests", { ...row, input_output: "" }, /malformed: input_output: expected a JSON text; found ""/],
    [
      "a number as input",
      { ...row, input_output: '{"inputs": [{"a": 1}], "outputs": [1]}' },
      /at inputs\[0\]: found \{"a": 1\}/,
    ],
    [
      "half a surrogate pair",
      { ...row, input_output: '{"inputs": ["\\ud800"], "outputs": [""]}' },
      /no half of a surrogate pair/,
    ],
    [
      "a name that is none",
      { ...row, input_output: '{"inputs": [[1]], "outputs": [1], "fn_name": "os.system(1)"}' },
      /expected a function name/,
    ],
    ["nesting without end", { ...row, input_output: "[".repeat(5000) }, /input_output: expected a JSON text/],
  ])("%s is a reason", async (_, bad, message) => {
    expect(await reasonOf(bad)).toMatch(message);
  });

  it("gives a dict with our tags as keys to the program as the dict it is", async () => {
    const problem = await problemOf({
      ...row,
      input_output: inputOutput({ fn_name: "f", inputs: [[{ $tuple: [1] }]], outputs: [{ $int: "x", a: 1 }] }),
    });
    expect(texts(problem)[0]).toContain(
      '"arguments": [{"$dict": [["$tuple", [1]]]}], "expected": {"$dict": [["$int", "x"], ["a", 1]]}',
    );
  });
});

describe("CodeContests", () => {
  const tests = (input: string[], output: string[]): object => ({ input, output });
  const row = {
    name: "1_A. Sum",
    description: "Q",
    public_tests: tests(["1\n"], ["2\n"]),
    private_tests: [{ input: "3\n", output: "4\n" }],
    generated_tests: tests([], []),
    solutions: { language: [1, 2, 3], solution: ["print 1", "int main", "print(int(input()) + 1)"] },
    time_limit: { seconds: 2, nanos: 0 },
    incorrect_solutions: {},
  };

  it("shows public tests and takes a solution in Python 3", async () => {
    expect(await problemOf(row)).toMatchObject({
      id: "codecontests/1_A. Sum",
      tests: [
        { kind: "stdio", stdin: "1\n", stdout: "2\n", visible: true },
        { kind: "stdio", stdin: "3\n", stdout: "4\n" },
      ],
      reference: "print(int(input()) + 1)",
      license: "CC-BY-4.0",
    });
    expect(await reasonOf({ ...row, input_file: "in.txt" })).toMatch(/skipped: reads or writes a file/);
  });
});

describe("LiveCodeBench", () => {
  const pickled = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([Buffer.from([0x80, 4, 0x58]), length, bytes, Buffer.from([0x94, 0x2e])]);
  };
  const packed = (bytes: Buffer): string => deflateSync(bytes, { level: 1 }).toString("base64");
  const row = {
    question_content: "Q",
    question_id: "abc301_a",
    contest_date: "2024-02-03T00:00:00",
    platform: "leetcode",
    starter_code: "class Solution:\n    def f(self, a, b):",
    metadata: '{"func_name": "f"}',
    public_test_cases: JSON.stringify([{ input: '[1.0]\n"x"', output: "true", testtype: "functional" }]),
    private_test_cases: packed(pickled('[{"input": "[]\\n\\"y\\"", "output": "[1]", "testtype": "functional"}]')),
  };

  it("decodes hidden tests, packed or not, and keeps the contest's date", async () => {
    const problem = await problemOf(row);
    expect(problem).toMatchObject({ id: "livecodebench/abc301_a", metadata: { contest_date: "2024-02-03T00:00:00" } });
    expect(texts(problem)).toEqual([
      '{"kind": "call", "function": "Solution.f", "arguments": [[1.0], "x"], "expected": true, "visible": true}',
      '{"kind": "call", "function": "Solution.f", "arguments": [[], "y"], "expected": [1]}',
    ]);
    const plain = await problemOf({
      ...row,
      starter_code: "",
      metadata: "{}",
      private_test_cases: '[{"input": "3", "output": "4"}]',
    });
    expect(plain.tests.at(-1)).toEqual({ kind: "stdio", stdin: "3", stdout: "4" });
  });

  test.each([
    ["a pickle that would call os.system", Buffer.from("cos\nsystem\n(S'true'\ntR."), /instruction 0x63 is refused/],
    ["a bomb", Buffer.alloc(300 * 1024 * 1024), /more than 256 MiB unpacked/],
    ["a cut pickle", pickled("[]").subarray(0, 8), /a text goes on after its end/],
    ["a text with half a surrogate pair", Buffer.from([0x8c, 3, 0xed, 0xa0, 0x80, 0x2e]), /expected base64 of zlib/],
    ["nothing but a mark", Buffer.from([0x28, 0x2e]), /not one whole value/],
    ["no base64", null, /expected base64 of zlib of a pickled text; unknown compression/],
  ])("%s is a reason", async (_, bytes, message) => {
    const hidden = bytes === null ? "AAAA" : packed(bytes);
    expect(await reasonOf({ ...row, private_test_cases: hidden })).toMatch(message);
  });

  it("reads samples whose tests are a packed dict", async () => {
    const dict = Buffer.concat([
      Buffer.from([0x80, 4, 0x7d, 0x94, 0x8c, 12]),
      Buffer.from("input_output"),
      pickled('{"inputs": ["1\\n"], "outputs": ["2\\n"]}').subarray(2, -1),
      Buffer.from([0x73, 0x2e]),
    ]);
    const problem = await problemOf({
      id: 1,
      content: "Q",
      test: packed(dict),
      labels: '{"task_id": "codeforces/1_A"}',
    });
    expect(problem).toMatchObject({
      id: "livecodebench/codeforces/1_A",
      tests: [{ kind: "stdio", stdin: "1\n", stdout: "2\n" }],
    });
  });
});

describe("open-r1", () => {
  const info = (more: object, ...cases: object[]): object => ({
    problem: "Q",
    problem_id: "p_1",
    source: "taco",
    gold_standard_solution: "So:\n```python\nprint(1)\n```",
    verification_info: JSON.stringify({ language: "python", test_cases: cases, ...more }),
  });

  it("reads standard input, calls, and JavaScript; other languages are skipped", async () => {
    const stdio = await problemOf(info({}, { input: "1", output: "2", type: "stdin_stdout", fn_name: null }));
    expect(stdio).toMatchObject({
      id: "taco/p_1",
      reference: "print(1)\n",
      tests: [{ kind: "stdio", stdin: "1", stdout: "2" }],
    });
    const call = { input: [[1]], output: [2], type: "function_call", fn_name: "f" };
    const script = await problemOf(info({ language: "JavaScript" }, call, call));
    expect(script).toMatchObject({ language: "javascript", entryPoint: "f" });
    expect(script.tests[1]).toEqual({ kind: "call", function: "f", arguments: [[1]], expected: 2 });
    expect(await reasonOf(info({ language: "cpp" }, call))).toBe("skipped: another language; cpp");
  });
});

describe("CRUXEval", () => {
  const row = {
    id: "sample_0",
    code: "def f(a, b):\n    return a + b",
    input: "(1,), (2, 'x')",
    output: "(1, 2, 'x')",
  };

  it("is a reference program with one call", async () => {
    expect((await readRows(row)).format).toBe("cruxeval");
    const { id, reference, tests } = await problemOf(row);
    expect({ id, reference }).toEqual({ id: "cruxeval/sample_0", reference: row.code });
    const [first, second, sum] = [[1], [2, "x"], [1, 2, "x"]].map((values) => ({ $tuple: values }));
    expect(tests).toEqual([{ kind: "call", function: "f", arguments: [first, second], expected: sum }]);
  });

  it("leaves out what is no literal, and says so", async () => {
    expect(await reasonOf({ ...row, input: "[i for i in x]" })).toBe(
      "skipped: input: not a list of Python literals; [i for i in x]",
    );
    expect(await reasonOf({ ...row, output: "Foo()" })).toBe("skipped: output: not a Python literal; Foo()");
  });
});

describe("the bundled rows", () => {
  test.each([
    ["mbpp.jsonl", "mbpp", ["mbpp/2", "mbpp/4", "mbpp/367", "mbpp/601", "mbpp/927"]],
    ["sanitized-mbpp.json", "mbpp-sanitized", ["mbpp-sanitized/2", "mbpp-sanitized/3", "mbpp-sanitized/82"]],
    ["HumanEvalPlus.jsonl", "humanevalplus", ["HumanEval/2", "HumanEval/32"]],
    ["MbppPlus.jsonl", "mbppplus", ["Mbpp/2", "Mbpp/120"]],
    ["../../../../assets/benchmarks/humaneval/HumanEval.jsonl.gz", "humaneval", ["HumanEval/0"]],
  ])("%s is known as %s", async (name, format, ids) => {
    const found = await readFile(fixture(name));
    expect(found.format).toBe(format);
    expect(said(found.items).slice(0, 5)).toEqual(expect.arrayContaining(ids));
  });

  test("an assertion that compares a call with a constant is a call, so that alignment can use it", async () => {
    const { items } = await readFile(fixture("mbpp.jsonl"));
    const problem = items.flatMap((item) => (item.kind === "problem" ? [item.problem] : []))[1];
    expect(texts(problem)[0]).toMatch(
      /^\{"kind": "call", "function": "heap_queue_largest", "arguments": \[\[25, .*"visible": true\}$/,
    );
    expect(problem.prompt).toContain("assert heap_queue_largest(");
  });
});
