// LeetCode's graders, on rows of our own in the published shape: the real ones are not to be passed on.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";

const QUESTION = "Add one.\n\n\nPlease complete the code below to solve above prblem:\n```python\n";
const ROWS = [
  {
    task_id: "weekly-contest-1-add-one",
    meta: { difficulty: "Easy" },
    start_time: 1688265000,
    prompt_sft: `${QUESTION}class Solution:\n    def addOne(self, numbers: List[int], name: str) -> List[int]:\n        \n\`\`\``,
    test: `\nmy_solution = Solution()\n\n${[1, 2, 3]
      .map(
        (n) =>
          `test_input = { "numbers": [${n},-${n}], "name": "a\\"b" }\nassert my_solution.addOne(**test_input) == [${n + 1},${1 - n}]\n`,
      )
      .join("\n")}`,
  },
  {
    task_id: "weekly-contest-1-reverse-list",
    meta: { difficulty: "Hard" },
    start_time: 1688265000,
    prompt_sft: `${QUESTION}# Definition for singly-linked list.\nclass ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val\n        self.next = next\nclass Solution:\n    def reverse(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        \n\`\`\``,
    test: `
my_solution = Solution()

_f1 = lambda lst: ListNode(lst[0], _f1(lst[1:])) if lst else None
_f2 = lambda node: [node.val] + _f2(node.next) if node else []


test_input = { "head": _f1([1,8,9]) }
assert _f2(my_solution.reverse(**test_input)) == [9,8,1]

test_input = { "head": _f1([]) }
assert _f2(my_solution.reverse(**test_input)) == []
`,
  },
];

let sandbox: Sandbox;
let folder: string;
let tasks: readonly Task[];
beforeAll(async () => {
  sandbox = await openSandbox();
  folder = mkdtempSync(join(tmpdir(), "leetcode-"));
  tasks = await load(ROWS);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await sandbox.close();
});

function load(rows: readonly object[]): Promise<readonly Task[]> {
  const path = join(folder, "rows.jsonl");
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return benchmarkNamed("leetcode").load(path);
}

async function marks(task: Task, completion: string, style: "official" | "upstream" = "official"): Promise<string[]> {
  const { official, strict } = await task.grade(completion, style, sandbox);
  return [official, strict].map((mark) => (mark.kind === "wrong" ? mark.reason : mark.kind));
}
const fenced = (program: string) => `Here it is.\n\`\`\`python\n${program}\n\`\`\`\n`;
const METHOD = "    def addOne(self, numbers, name):\n        return [n + 1 for n in numbers]";
const REVERSE =
  "class Solution:\n    def reverse(self, head: Optional[ListNode]) -> Optional[ListNode]:\n        last = None\n        while head:\n            last, head = ListNode(head.val, last), head.next\n        return last";
const NODE =
  "class ListNode:\n    def __init__(self, val=0, next=None):\n        self.val = val\n        self.next = next\n";

test("difficulty, day and both prompts", () => {
  expect(tasks.map(({ difficulty, date }) => [difficulty, date])).toEqual([
    ["easy", "2023-07-02"],
    ["hard", "2023-07-02"],
  ]);
  const question = ROWS[0].prompt_sft;
  const messages = (content: string) => ({ kind: "chat", messages: [{ role: "user", content }] });
  expect(tasks[0].prompt("upstream")).toEqual(messages(question));
  expect(tasks[0].prompt("official")).toEqual(
    messages(
      `${question}\n\nWrite Python code to solve the problem. Present the code in \n\`\`\`python\nYour code\n\`\`\`\nat the end.`,
    ),
  );
});

test.each([
  ["a right class", `class Solution:\n${METHOD}`, ["right", "right"]],
  ["a wrong one", `class Solution:\n${METHOD.replace("+ 1", "+ 2")}`, ["raised", "wrong-answer"]],
  [
    "a class with its base named, which published extraction breaks",
    `class Solution(object):\n${METHOD}`,
    ["raised", "right"],
  ],
  [
    "a name that the published preamble lacks",
    `class Solution:\n${METHOD.replace("n + 1", "n + gcd(1, 1)")}`,
    ["raised", "right"],
  ],
  [
    "a list that equals everything",
    `class L(list):\n    __eq__ = lambda self, other: True\nclass Solution:\n    def addOne(self, numbers, name): return L()`,
    ["right", "wrong-answer"],
  ],
  ["exit(0)", `exit(0)\nclass Solution:\n${METHOD}`, ["raised", "exited"]],
  [
    "os._exit(0) in the method",
    "import os\nclass Solution:\n    def addOne(self, numbers, name): os._exit(0)",
    ["exited", "exited"],
  ],
])("%s", async (_name, program, expected) => {
  expect(await marks(tasks[0], fenced(program))).toEqual(expected);
});

test("a completion that goes on inside the method is one only to DeepSeek-Coder's rule, and to ours", async () => {
  const body = "\n        return [n + 1 for n in numbers]\n";
  expect(await marks(tasks[0], body, "upstream")).toEqual(["right", "right"]);
});

test("linked lists: the published grader needs the class written out again", async () => {
  expect(await marks(tasks[1], fenced(REVERSE))).toEqual(["raised", "right"]);
  expect(await marks(tasks[1], fenced(NODE + REVERSE))).toEqual(["right", "right"]);
  expect(await marks(tasks[1], fenced(NODE + REVERSE.replace("return last", "return head")))).toEqual([
    "raised",
    "wrong-answer",
  ]);
});

test("a row that is none names line and field", async () => {
  await expect(load([{ ...ROWS[0], test: "assert True" }])).rejects.toThrow(
    /rows\.jsonl:1: test: expected two lines for every case/,
  );
  await expect(load([ROWS[0], ROWS[0]])).rejects.toThrow(/rows\.jsonl:2: "weekly-contest-1-add-one" occurs twice/);
  await expect(load([{ task_id: "x" }])).rejects.toThrow(/found the fields task_id; expected rows of LeetCode, with/);
});
