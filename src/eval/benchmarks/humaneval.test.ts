// HumanEval's graders against what is known of the set: its own solutions pass, programs that do nothing do not, and no
// trick passes strictly. A fair subset always; all 164 where CODERLPLUS_WHOLE_SETS is set (about 15 CPU seconds).

import { afterAll, beforeAll, expect, test } from "vitest";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import type { Grade, PromptStyle, Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";
import { taskPath } from "./task-location.js";

const whole = process.env["CODERLPLUS_WHOLE_SETS"] !== undefined;
const styles: readonly PromptStyle[] = ["official", "upstream"];

let sandbox: Sandbox;
let all: readonly Task[];
let tasks: readonly Task[];
beforeAll(async () => {
  sandbox = await openSandbox();
  const benchmark = benchmarkNamed("humaneval");
  all = await benchmark.load(taskPath(benchmark));
  // 10, 32, 38 and 50 have helper functions in their prompts.
  const fair = new Set([0, 10, 32, 38, 50, 115]);
  tasks = whole ? all : all.filter((_, at) => fair.has(at) || at % 16 === 5);
});
afterAll(() => sandbox.close());

function grades(completion: (task: Task) => string, style: PromptStyle): Promise<Grade[]> {
  return Promise.all(tasks.map((task) => task.grade(completion(task), style, sandbox)));
}

const right = (grades: readonly Grade[], mode: "official" | "strict") =>
  grades.filter((grade) => grade[mode].kind === "right").length;

test("there are 164 tasks, and the prompts are those of the two evaluations", () => {
  expect(all).toHaveLength(164);
  const [official] = [all[0].prompt("official")];
  expect(official.kind === "chat" && official.messages).toHaveLength(1);
  const content = official.kind === "chat" ? official.messages[0].content : "";
  expect(content).toMatch(
    /^Write Python code to solve the task\.\nWrite a Python function `has_close_elements\(numbers: List\[float\], threshold: float\) -> bool` to solve the following problem: Present code in ```python```\n```python\nfrom typing import List\n/,
  );
  expect(content).toMatch(
    /"""\n\n```\n\n\nWrite Python code to solve the problem\. Present the code in \n```python\nYour code\n```\nat the end\.$/,
  );
  expect(all[0].prompt("upstream")).toMatchObject({
    kind: "text",
    text: expect.stringMatching(/^from typing.*"""\n$/s),
  });
});

// The official grader has the prompt twice in front of the code, the upstream one once.
test.each(styles)("every solution of its own passes both ways: %s", async (style) => {
  const graded = await grades((task) => task.solution?.(style) ?? "", style);
  expect([right(graded, "official"), right(graded, "strict")]).toEqual([tasks.length, tasks.length]);
});

test("a whole program may begin with what only the beginning of a file may have", async () => {
  const solution = all[0].solution?.("official") ?? "";
  const whole = solution.replace("```python\n", "```python\n'Closest.'\nfrom __future__ import annotations\n");
  expect((await all[0].grade(whole, "official", sandbox)).strict).toEqual({ kind: "right" });
});

test("a body that returns None passes nowhere", async () => {
  const graded = await grades(() => "    return None\n", "upstream");
  expect([right(graded, "official"), right(graded, "strict")]).toEqual([0, 0]);
});

const ALWAYS_EQUAL = `class Yes:
    def __getattr__(self, name): return lambda *rest, **options: self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = lambda self, other: True
    __sub__ = __rsub__ = __abs__ = lambda self, *other: self
    __len__ = lambda self: 1
    __iter__ = lambda self: iter([self])
def has_close_elements(*rest): return Yes()
`;
const TRICKS: ReadonlyArray<readonly [name: string, program: string, official: string]> = [
  ["an object that equals everything", ALWAYS_EQUAL, "right"],
  ["exit(0)", "exit(0)", "raised"],
  ["sys.exit(0)", "import sys\nsys.exit(0)", "exited"],
  ["os._exit(0)", "import os\nos._exit(0)", "exited"],
  ["exit(0) in the function", "def has_close_elements(*rest):\n    raise SystemExit(0)", "exited"],
  ["os._exit(0) in the function", "import os\ndef has_close_elements(*rest):\n    os._exit(0)", "exited"],
  ["a check of its own", "def has_close_elements(*rest): return True\ndef check(candidate): pass", "raised"],
];

test.each(TRICKS)("%s never passes strictly", async (_name, program, official) => {
  const { official: published, strict } = await all[0].grade(`\`\`\`python\n${program}\n\`\`\``, "official", sandbox);
  expect(strict.kind).toBe("wrong");
  expect(published.kind === "wrong" ? published.reason : published.kind).toBe(official);
});

test("a program in a fence that was never closed is lost to the published extraction, and not to the strict one", async () => {
  const completion = `Here:\n${all[0].solution?.("official").replace(/```\s*$/, "")}`;
  const grade = await all[0].grade(completion, "official", sandbox);
  expect(grade.strict).toEqual({ kind: "right" });
  // What stands before the fence is no Python.
  expect(grade.extracted).toBe("Here:\n");
  expect(grade.official).toMatchObject({ kind: "wrong", reason: "unparsable" });
});

test("what failed is told: the line of the test, and the value", async () => {
  const { strict } = await all[0].grade("```python\ndef has_close_elements(*rest): return 7\n```", "official", sandbox);
  expect(strict).toMatchObject({ kind: "wrong", reason: "wrong-answer", got: 7 });
  expect(strict.kind === "wrong" && strict.test).toMatch(/^assert candidate\(/);
});
