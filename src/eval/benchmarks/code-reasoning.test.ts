// Code reasoning and test output on rows of our own in the sets' form: neither set ships.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { PromptStyle, Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";

const reasoning = (id: number, code: string, input: string, output: string): object => ({
  id: `sample_${id}`,
  contest_date: "2023-08-01T00:00:00",
  difficulty: "easy",
  function_name: "f",
  code,
  input,
  output,
});
const CODE = [
  reasoning(0, "def f(a):\n    return {a: [inf]}\n", "f(a = 1)", "{1: [inf]}"),
  reasoning(1, "def f(a):\n    return Counter(a).most_common(1)[0][0]\n", "f(a = 'aab')", "'a'"),
  reasoning(2, "def f(a):\n    return a > 1\n", "f(a = 2)", "True"),
  reasoning(3, "def f(a):\n    return object()\n", "f(a = 2)", "<object object>"),
  reasoning(4, "def f(a):\n    return '}' + a\n", "f(a = '')", "'}'"),
];
const prediction = (id: number, input: string, output: string): object => ({
  question_id: String(id),
  question_content: "Add them.\n\n",
  contest_date: "2023-08-01T00:00:00",
  difficulty: "hard",
  test_id: 0,
  function_name: "add",
  starter_code: "def add(a: int, b: int) -> int:\n    pass\n",
  test: JSON.stringify([{ input, output, testtype: "functional" }]),
});
const TESTS = [prediction(7, "1\n[2]", "[3, true]"), prediction(8, "0.1\n0.2", "0.30000"), prediction(9, "1", "true")];

let folder: string;
let sandbox: Sandbox;
let reasoningTasks: readonly Task[];
let outputTasks: readonly Task[];
beforeAll(async () => {
  sandbox = await openSandbox();
  folder = mkdtempSync(join(tmpdir(), "answers-"));
  const [code, tests] = [CODE, TESTS].map((rows, at) => {
    const path = join(folder, `${at}.jsonl`);
    writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return path;
  });
  reasoningTasks = await benchmarkNamed("code-reasoning").load(code);
  outputTasks = await benchmarkNamed("test-output").load(tests);
});
afterAll(async () => {
  await sandbox.close();
  rmSync(folder, { recursive: true });
});

async function marks(task: Task, completion: string, style: PromptStyle): Promise<string[]> {
  const { official, strict } = await task.grade(completion, style, sandbox);
  return [official.kind, strict.kind];
}

test("a task says its day and difficulty, and solutions are right in both styles", async () => {
  expect(reasoningTasks[0]).toMatchObject({ id: "sample_0", difficulty: "easy", date: "2023-08-01" });
  expect(outputTasks[0]).toMatchObject({ id: "7/0", difficulty: "hard", date: "2023-08-01" });
  // One output is no literal, one is lost by the published extraction.
  const solved = [...reasoningTasks.slice(0, 3), ...outputTasks];
  for (const style of ["official", "upstream"] as const) {
    const all = solved.map((task) => marks(task, task.solution?.(style) ?? "", style));
    expect(await Promise.all(all), style).toEqual(solved.map(() => ["right", "right"]));
  }
  expect(reasoningTasks[4].solution).toBeUndefined();
});

const REASONING: ReadonlyArray<readonly [task: number, completion: string, official: string, strict: string]> = [
  [0, "\\boxed{{1: [inf]}}", "wrong", "right"],
  [0, "\\boxed{{1: [float('inf')]}}", "wrong", "right"],
  [1, "\\boxed{'b'} no, \\boxed{'a'}", "wrong", "right"],
  [1, "\\boxed{'a'} no, \\boxed{'b'}", "right", "wrong"],
  [1, "\\boxed{\\text{a}}", "wrong", "right"],
  [1, "\\boxed{a}", "wrong", "wrong"],
  [1, "The output is `'a'`.", "wrong", "right"],
  [2, "\\boxed{True}", "right", "right"],
  [2, "\\boxed{1}", "right", "wrong"],
  [2, "\\boxed{False or 1}", "right", "wrong"],
  [2, "\\boxed{[x for x in [True]][0]}", "right", "wrong"],
  [2, "\\boxed{type('A', (), dict(__eq__=lambda *_: True))()}", "right", "wrong"],
  [2, "\\boxed{f(a = 2)}", "wrong", "wrong"],
  [2, "\\boxed{f(2)}", "right", "wrong"],
  [2, "\\boxed{exit(0)}", "wrong", "wrong"],
  [2, "\\boxed{True\nimport os\nos._exit(0)}", "wrong", "wrong"],
  [3, "\\boxed{1}", "wrong", "infrastructure"],
  [4, "\\boxed{'}'}", "wrong", "right"],
];
test.each(REASONING)("code reasoning, task %i: %j is officially %s and strictly %s", async (at, text, ...expected) => {
  expect(await marks(reasoningTasks[at], text, "official")).toEqual(expected);
});

test("an answer that holds the call is left out of the official count, and was never run", async () => {
  const { official } = await reasoningTasks[2].grade("\\boxed{f(a = 2)}", "official", sandbox);
  expect(official).toMatchObject({ kind: "wrong", reason: "dropped", dropped: true });
});

const OUTPUTS: ReadonlyArray<readonly [task: number, completion: string, official: string, strict: string]> = [
  [0, "assert add(1, [2]) == [3, True]", "right", "right"],
  [0, "```python\nassert add(1, [2]) == [\n    3,\n    True,\n]\n```", "wrong", "right"],
  [0, "assert add(1, [2]) == (3, True)", "wrong", "right"],
  [0, "assert [3, True] == add(1, [2])", "wrong", "right"],
  [0, "assert add(1, [2]) == [2, True]", "wrong", "wrong"],
  [0, "assert add(1, [2]) == [1 + 2, True]", "right", "wrong"],
  [0, "assert 5 == [3, True]", "right", "wrong"],
  [0, "assert add(1, [2]) == json.loads(expected_output)", "right", "wrong"],
  [0, "assert add(1, [2]) == type('A', (), {'__eq__': lambda *_: True})()", "right", "wrong"],
  [0, "assert add(1, [2]) == __import__('os')._exit(0)", "wrong", "wrong"],
  [0, "assert add(1, [2]) == exit(0)", "wrong", "wrong"],
  [0, "the answer is [3, True]", "wrong", "wrong"],
  [0, "```\n[3, True]\n```", "right", "right"],
  [1, "assert add(0.1, 0.2) == 0.30000000000000004", "wrong", "right"],
  [1, "assert abs(add(0.1, 0.2) - 0.3) < 1e-9", "wrong", "right"],
  [1, "assert math.isclose(add(0.1, 0.2), 0.3)", "wrong", "right"],
  [1, "assert add(0.1, 0.2) == 0.31", "wrong", "wrong"],
  [2, "assert add(1) is True", "wrong", "right"],
  [2, "assert add(1)", "wrong", "right"],
  [2, "assert not add(1)", "wrong", "wrong"],
  [2, "assert add(1) == True, 'so'", "right", "right"],
];
test.each(OUTPUTS)("test output, task %i: %j is officially %s and strictly %s", async (at, text, ...expected) => {
  expect(await marks(outputTasks[at], text, "official")).toEqual(expected);
});

test("a broken row is named with its file, line and field", async () => {
  const path = join(folder, "broken.jsonl");
  writeFileSync(path, `${JSON.stringify(CODE[0])}\n${JSON.stringify({ ...CODE[1], code: 5 })}\n`);
  await expect(benchmarkNamed("code-reasoning").load(path)).rejects.toThrow(
    /broken\.jsonl:2: code: expected a text; found 5|broken\.jsonl:2: code: expected a text/,
  );
});
