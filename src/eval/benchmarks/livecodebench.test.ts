// LiveCodeBench's code generation, on rows of our own in the published shape; its real samples where
// CODERLPLUS_DATA_SETS names a folder that has them. The table of what the published checker makes of programs is
// judge/official.test.ts.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { afterAll, beforeAll, expect, it, test } from "vitest";
import { stringifyJson } from "../../core/json.js";
import type { Problem } from "../../problems/problem.js";
import { openSource } from "../../problems/sources/source.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";

/** Zip of a pickled text: how hidden tests are packed. */
function packed(text: string): string {
  const bytes = Buffer.from(text);
  const head = Buffer.from([0x80, 2, 0x58, 0, 0, 0, 0]);
  head.writeUInt32LE(bytes.length, 3);
  return deflateSync(Buffer.concat([head, bytes, Buffer.from(".")])).toString("base64");
}
const stdin = (input: string, output: string) => ({ input, output, testtype: "stdin" });
const functional = (input: string, output: string) => ({ input, output, testtype: "functional" });
const SUM = {
  question_title: "sum",
  question_content: "Add two numbers.",
  platform: "atcoder",
  question_id: "abc_a",
  contest_id: "abc",
  contest_date: "2023-08-21T00:00:00",
  starter_code: "",
  difficulty: "easy",
  public_test_cases: JSON.stringify([stdin("20\n22\n", "42\n")]),
  private_test_cases: packed(JSON.stringify([stdin("1\n-1\n", "0\n")])),
  metadata: "{}",
};
const STARTER = "class Solution:\n    def twice(self, xs: List[int]) -> List[int]:\n        ";
const TWICE = {
  ...SUM,
  question_id: "1234",
  question_content: "Each of them twice.",
  platform: "leetcode",
  contest_date: "2024-05-04T00:00:00",
  difficulty: "hard",
  starter_code: STARTER,
  public_test_cases: JSON.stringify([functional("[1, 2]", "[2, 4]")]),
  private_test_cases: JSON.stringify([functional("[]", "[]"), functional("[-5]", "[-10]")]),
  metadata: JSON.stringify({ func_name: "twice" }),
};

let sandbox: Sandbox;
let folder: string;
beforeAll(async () => {
  sandbox = await openSandbox();
  folder = mkdtempSync(join(tmpdir(), "livecodebench-"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

function write(name: string, rows: readonly object[]): string {
  const path = join(folder, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}
const load = (path: string) => benchmarkNamed("livecodebench").load(path);

async function marks(task: Task, program: string, style: "official" | "upstream" = "official"): Promise<string[]> {
  const { official, strict } = await task.grade(`So:\n\`\`\`python\n${program}\n\`\`\`\n`, style, sandbox);
  return [official, strict].map((mark) => (mark.kind === "wrong" ? mark.reason : mark.kind));
}

const BY_METHOD =
  "class Solution:\n    def twice(self, xs: List[int]) -> List[int]:\n        return [2 * x for x in xs]";
const BY_BUFFER = "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))";

test("programs that read and print, and methods, with tests from both columns", async () => {
  const [sum, twice] = await load(write("rows.jsonl", [SUM, TWICE]));
  expect([sum, twice].map(({ id, date, difficulty }) => [id, date, difficulty])).toEqual([
    ["abc_a", "2023-08-21", "easy"],
    ["1234", "2024-05-04", "hard"],
  ]);
  expect(await marks(sum, "print(int(input()) + int(input()))")).toEqual(["right", "right"]);
  expect(await marks(sum, "print(42)")).toEqual(["wrong-answer", "wrong-answer"]);
  expect(await marks(sum, BY_BUFFER)).toEqual(["raised", "right"]);
  expect(await marks(twice, BY_METHOD, "upstream")).toEqual(["right", "right"]);
  expect(await marks(twice, BY_METHOD.replace("2 * x", "x + x + (x < 0)"))).toEqual(["wrong-answer", "wrong-answer"]);
  expect(await marks(twice, "class Solution:\n    def twice(self, xs): exit(0)")).toEqual(["raised", "exited"]);
});

test("deep recursion and the names of the published preamble are there", async () => {
  const [sum] = await load(write("deep.jsonl", [SUM]));
  const deep = "def f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(int(input()) + int(input()) + f(30000) - 30000)";
  expect(await marks(sum, deep)).toEqual(["right", "right"]);
  expect(await marks(sum, "print(reduce(add, map(int, [input(), input()])) + gcd(0, 0))")).toEqual(["right", "right"]);
});

test("the prompts of both evaluations", async () => {
  const [sum, twice] = await load(write("prompts.jsonl", [SUM, TWICE]));
  const read =
    "Read the inputs from stdin solve the problem and write the answer to stdout (do not directly test on the sample inputs). Enclose your code within delimiters as follows.";
  const given =
    "You will be given a question (problem specification) and will generate a correct Python program that matches the specification and passes all tests.";
  expect(sum.prompt("official")).toEqual({
    kind: "text",
    text:
      "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\n\n" +
      `${given} You will NOT return anything except for the program.\n\nQuestion: Add two numbers.\n\n${read}\n` +
      "```python\n# YOUR CODE HERE\n```\n\n<|im_end|>\n<|im_start|>assistant\n",
  });
  expect(twice.prompt("upstream")).toEqual({
    kind: "chat",
    messages: [
      { role: "system", content: `You are an expert Python programmer. ${given}` },
      {
        role: "user",
        content:
          "### Question:\nEach of them twice.\n\n### Format: You will use the following starter code to write the solution to the problem and enclose your code within delimiters.\n" +
          `\`\`\`python\n${STARTER}\n\`\`\`\n\n### Answer: (use the provided format with backticks)\n\n`,
      },
    ],
  });
});

test("a folder stands for all files in it, and no problem may stand in two of them", async () => {
  const path = mkdtempSync(join(folder, "release-"));
  writeFileSync(join(path, "test.jsonl"), JSON.stringify(SUM));
  writeFileSync(join(path, "test2.jsonl"), JSON.stringify(TWICE));
  expect((await load(path)).map(({ id }) => id)).toEqual(["abc_a", "1234"]);
  writeFileSync(join(path, "test3.jsonl"), JSON.stringify(SUM));
  await expect(load(path)).rejects.toThrow(/test3\.jsonl:1: "abc_a" occurs twice/);
});

test("a problem without tests, which the published checker lets every program pass, is an error with its place", async () => {
  const empty = { ...SUM, public_test_cases: "[]", private_test_cases: "[]" };
  const [task] = await load(write("empty.jsonl", [empty]));
  await expect(marks(task, "pass")).rejects.toThrow(/empty\.jsonl: abc_a: .*expected at least one test/);
});

/** Right programs of ours for the samples, and wrong ones next to them. */
const SAMPLES: Readonly<Record<string, readonly [right: string, wrong: string]>> = {
  "codeforces/1873_A": [
    "for _ in range(int(input())):\n    print('YES' if input() in ('abc', 'acb', 'bac', 'cba') else 'NO')",
    "for _ in range(int(input())):\n    print('YES')",
  ],
  "leetcode/2727": [
    "class Solution:\n    def countSeniors(self, details):\n        return sum(int(d[11:13]) > 60 for d in details)",
    "class Solution:\n    def countSeniors(self, details):\n        return sum(int(d[11:13]) >= 60 for d in details)",
  ],
  "atcoder/abc301_a": [
    "n, s = int(input()), input()\nt, a = s.count('T'), s.count('A')\nprint('T' if t > a or (t == a and s[-1] == 'A') else 'A')",
    "n, s = int(input()), input()\nprint('T' if s.count('T') > s.count('A') else 'A')",
  ],
};

const samples = join(process.env["CODERLPLUS_DATA_SETS"] ?? "", "livecodebench/code_eval_live_code_bench_v1.jsonl");
const missing = process.env["CODERLPLUS_DATA_SETS"] === undefined || !existsSync(samples);
it.skipIf(missing)(
  missing
    ? "SKIPPED: no LiveCodeBench samples in CODERLPLUS_DATA_SETS"
    : "its samples tell right from wrong, both ways",
  async () => {
    const rows: object[] = [];
    for await (const item of await openSource(samples)) if (item.kind === "problem") rows.push(rowOf(item.problem));
    const tasks = await load(write("samples.jsonl", rows));
    expect(tasks.map(({ id }) => id)).toEqual(Object.keys(SAMPLES));
    for (const task of tasks) {
      const [right, wrong] = SAMPLES[task.id];
      expect(await marks(task, right)).toEqual(["right", "right"]);
      expect(await marks(task, wrong)).toEqual(["wrong-answer", "wrong-answer"]);
    }
  },
);

/** A sample as a row of the set itself. */
function rowOf({ id, entryPoint, prompt, tests }: Problem): object {
  const name = entryPoint?.replace(/^Solution\./, "");
  const cases = tests.map((one) => {
    if (one.kind === "stdio") return stdin(one.stdin, one.stdout);
    if (one.kind !== "call") throw new Error(`${id}: a test of another kind`);
    return functional(one.arguments.map((value) => stringifyJson(value)).join("\n"), stringifyJson(one.expected));
  });
  return {
    ...SUM,
    question_id: id.slice("livecodebench/".length),
    question_content: prompt,
    starter_code: name === undefined ? "" : `class Solution:\n    def ${name}(self`,
    public_test_cases: "[]",
    private_test_cases: JSON.stringify(cases),
    metadata: JSON.stringify({ func_name: name }),
  };
}
