// Files of tasks that are damaged: each is refused while it is read, before any model is asked, with file, line and
// field. What all readers have in common is task-location.test.ts and the tests of the sources.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { DataError } from "../../core/errors.js";
import { benchmarkNamed } from "./catalogue.js";

const folder = mkdtempSync(join(tmpdir(), "coderlplus-malformed-"));
afterAll(() => rmSync(folder, { recursive: true }));

const PLUS = { base_input: [], plus_input: [], atol: 0 };
const HUMANEVAL = {
  task_id: "HumanEval/0",
  prompt: "def f(x):\n    pass\n",
  entry_point: "f",
  canonical_solution: "    return x\n",
  test: "def check(candidate):\n    assert candidate(1) == 1\n",
};
const MBPP = {
  task_id: 5,
  text: "Add.",
  code: "def f(x): return x",
  test_setup_code: "",
  test_list: ["assert f(1) == 1"],
  challenge_test_list: [],
};
const LEETCODE = {
  task_id: "contest-1",
  meta: { difficulty: "Easy" },
  start_time: 1688265000,
  prompt_sft: "Add.\n```python\nclass Solution:\n    def add(self, n):\n        \n```",
  test: '\nmy_solution = Solution()\n\ntest_input = { "n": 1 }\nassert my_solution.add(**test_input) == 2\n',
};
const LIVE = {
  question_content: "Add.",
  question_id: "abc_a",
  contest_date: "2023-08-21T00:00:00",
  starter_code: "",
  difficulty: "easy",
  public_test_cases: JSON.stringify([{ input: "1\n", output: "1\n", testtype: "stdin" }]),
  private_test_cases: "[]",
  metadata: "{}",
};

test.each<[string, object, object, RegExp]>([
  ["humaneval", HUMANEVAL, { entry_point: "(" }, /:2: entry_point: expected the name of a function; found "\("/],
  ["humaneval-plus", { ...HUMANEVAL, ...PLUS }, { entry_point: "[" }, /:2: entry_point: expected the name/],
  ["humaneval-plus", { ...HUMANEVAL, ...PLUS }, { task_id: "" }, /:2: found an empty id/],
  ["mbpp", MBPP, { test_list: [] }, /:2: test_list: expected at least one assertion; found \[\]/],
  ["mbpp", MBPP, { challenge_test_list: 5 }, /:2: challenge_test_list: expected a list; found 5/],
  ["leetcode", LEETCODE, { start_time: 9e15 }, /:2: start_time: expected seconds since 1970; found 9000000000000000/],
  ["livecodebench", LIVE, { public_test_cases: "[{}]" }, /:2: input: expected a text; found nothing/],
  ["livecodebench", LIVE, { public_test_cases: null }, /:2: public_test_cases: expected a JSON text; found null/],
  ["livecodebench", LIVE, { private_test_cases: 5 }, /:2: private_test_cases: expected a text; found 5/],
])("%s says where a row is damaged", async (name, good, damage, message) => {
  const path = join(folder, `${name}.jsonl`);
  writeFileSync(path, `${JSON.stringify(good)}\n${JSON.stringify({ ...good, ...damage })}\n`);
  const loading = benchmarkNamed(name).load(path);
  await expect(loading).rejects.toThrow(message);
  await expect(loading).rejects.toThrow(DataError);
  await expect(loading).rejects.toThrow(path);
});
