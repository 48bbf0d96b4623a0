// What a test may be made of besides plain values: nodes, objects of a preamble's classes, files; and the limits.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Problem, problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { type JudgeOptions, judge } from "./judge.js";
import type { Judgement } from "./verdict.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

function problem(tests: readonly object[], more: object = {}): Problem {
  const limits = { timeMs: 1000 };
  return problemSchema.parse({ id: "p", language: "python", prompt: "", tests, limits, ...more });
}
const run = (subject: Problem, program: string, options?: JudgeOptions): Promise<Judgement> =>
  judge(sandbox, subject, program, options);
const kinds = ({ tests }: Judgement): string[] => tests.map(({ kind }) => kind);
const call = (name: string, args: unknown[], expected: unknown) => ({
  kind: "call",
  function: name,
  arguments: args,
  expected,
});
const chain = (...items: unknown[]) => ({ $list_node: items });
const tree = (...items: unknown[]) => ({ $tree_node: items });

const REVERSE = `class Solution:
    def reverse(self, head):
        last = None
        while head:
            head.next, last, head = last, head, head.next
        return last
`;

describe("linked lists and trees", () => {
  test("a list goes in and comes out, through LeetCode's usual class", async () => {
    const judgement = await run(problem([call("Solution.reverse", [chain(1, 2, 3)], chain(3, 2, 1))]), REVERSE);
    expect(judgement.verdict.kind).toBe("passed");
    const wrong = await run(problem([call("Solution.reverse", [chain(1, 2)], chain(1, 2))]), REVERSE);
    expect(wrong.tests).toMatchObject([{ kind: "wrong-answer", got: chain(2, 1) }]);
  });

  test("the program's own class is used where it defines one, with slots too", async () => {
    const own = `class ListNode:
    __slots__ = ("val", "next")
    def __init__(self, val, next=None):
        self.val, self.next = val, next
class Solution:
    def f(self, head):
        return ListNode(head.val, ListNode(type(head) is ListNode))
`;
    expect(kinds(await run(problem([call("Solution.f", [chain(7)], chain(7, true))]), own))).toEqual(["passed"]);
  });

  test("a program may name the classes without defining them", async () => {
    const program = `from typing import Optional
class Solution:
    def f(self, head: Optional[ListNode]) -> Optional[TreeNode]:
        first = ListNode(0, head)
        return TreeNode(first.next.val, None, TreeNode(2, TreeNode(3)))
`;
    expect(kinds(await run(problem([call("Solution.f", [chain(1)], tree(1, null, 2, 3))]), program))).toEqual([
      "passed",
    ]);
  });

  test("trees are written level by level; what is missing at the end says nothing", async () => {
    const program = `def mirror(root):
    if root:
        root.left, root.right = mirror(root.right), mirror(root.left)
    return root
`;
    const tests = [
      call("mirror", [tree(1, 2, 3, null, 4)], tree(1, 3, 2, null, null, 4)),
      call("mirror", [tree(1, 2)], tree(1, null, 2, null, null)),
      call("mirror", [tree()], tree()),
      call("mirror", [tree()], null),
      call("mirror", [null], chain()),
    ];
    expect(kinds(await run(problem(tests), program, { allTests: true }))).toEqual(tests.map(() => "passed"));
  });

  test("nodes stand inside other values", async () => {
    const merge = `import heapq
def merge(lists):
    ListNode.__lt__ = lambda a, b: a.val < b.val
    heap = [node for node in lists if node]
    heapq.heapify(heap)
    head = last = ListNode()
    while heap:
        last.next = last = heapq.heappop(heap)
        if last.next: heapq.heappush(heap, last.next)
    return head.next
`;
    const lists = [chain(1, 4, 5), chain(1, 3, 4), chain(), chain(2, 6)];
    expect(kinds(await run(problem([call("merge", [lists], chain(1, 1, 2, 3, 4, 4, 5, 6))]), merge))).toEqual([
      "passed",
    ]);
    const split = "def f(head): return [ListNode(1), {'t': TreeNode(2)}, None]";
    expect(kinds(await run(problem([call("f", [null], [chain(1), { t: tree(2) }, chain()])]), split))).toEqual([
      "passed",
    ]);
  });

  test.each([
    ["a node that is its own next", "x = ListNode(1); x.next = x; return x"],
    ["a node that is its own child", "x = TreeNode(1); x.left = x; return x"],
    ["a node that is its own value", "x = ListNode(1); x.val = x; return x"],
    [
      "a tree that doubles at every level",
      "x = TreeNode(1)\n    for i in range(60): x = TreeNode(1, x, x)\n    return x",
    ],
    ["a chain of something else", "return ListNode(1, 'abc')"],
    ["a node without fields", "return ListNode.__new__(ListNode)"],
    ["a subclass that equals everything", "class L(ListNode):\n        __eq__ = lambda a, b: True\n    return L(1)"],
    ["the class itself", "return ListNode"],
  ])("%s is a wrong answer, not a hang", async (_name, body) => {
    const program = `def f():\n    ${body}\n`;
    expect(kinds(await run(problem([call("f", [], chain(1))]), program))).toEqual(["wrong-answer"]);
  });

  test("a list of 50,000 nodes crosses; one node too many does not", async () => {
    const items = Array.from({ length: 50_000 }, (_, i) => i);
    const subject = problem([call("f", [chain(...items)], chain(...items))], { limits: { timeMs: 6000 } });
    expect(kinds(await run(subject, "def f(head): return head"))).toEqual(["passed"]);
    const endless = "def f():\n    x = None\n    for i in range(100_001): x = ListNode(i, x)\n    return x";
    expect(kinds(await run(problem([call("f", [], chain(1))], { limits: { timeMs: 6000 } }), endless))).toEqual([
      "wrong-answer",
    ]);
  });

  test("a tree whose node has no parent is the test's fault, and names itself", async () => {
    const judgement = await run(problem([call("f", [tree(1, null, null, 2)], 1)]), "def f(t): return 1");
    expect(judgement.tests).toMatchObject([{ kind: "raised", message: "a node of the tree has no parent" }]);
  });

  test("plain arrays become nodes where the starter code annotates the parameter", async () => {
    const starterCode = `# Definition for singly-linked list.
# class ListNode:
#     def __init__(self, val=0, next=None):
class Solution:
    def rotate(self, heads: List[Optional[ListNode]], root: 'TreeNode | None', k: int = 3) -> Optional[ListNode]:
        `;
    const program = `class Solution:
    def rotate(self, heads, root, k):
        return ListNode(heads[0].val, ListNode(root.right.val, ListNode(k[0])))
`;
    const first = call("Solution.rotate", [[[1, 2], []], [5, null, 6], [9]], [1, 6, 9]);
    const second = { ...call("Solution.rotate", [[[1]]], [1, 6, 9]), keywords: { k: [9], root: [5, null, 6] } };
    const judgement = await run(problem([first, second], { starterCode }), program);
    expect(kinds(judgement)).toEqual(["passed", "passed"]);
    expect(kinds(await run(problem([first]), program))).toEqual(["raised"]);
  });
});

describe("objects that a check makes itself", () => {
  const preamble = `class ListNode:
    def __init__(self, val=0, next=None):
        self.val = val
        self.next = next
class TreeNode:
    def __init__(self, val=0, left=None, right=None):
        self.val, self.left, self.right = val, left, right
def list_node(values):
    head = None
    for value in reversed(values): head = ListNode(value, head)
    return head
def is_same_list(a, b):
    while a and b:
        if a.val != b.val: return False
        a, b = a.next, b.next
    return a is None and b is None
`;
  const check = (body: string, more: object = {}) =>
    problem([{ kind: "check", code: `def check(candidate):\n    ${body}\n`, entryPoint: "Solution().reverse" }], {
      preamble,
      ...more,
    });
  const equal = "assert is_same_list(candidate(head = list_node([1, 2, 3])), list_node([3, 2, 1]))";

  test("cross with full protection, by the classes of the preamble", async () => {
    const right = await run(check(equal), REVERSE);
    expect(right.verdict.kind).toBe("passed");
    expect(right.protection).toBeUndefined();
    const wrong = await run(check(equal), "class Solution:\n    def reverse(self, head): return head\n");
    expect(wrong.tests).toMatchObject([{ kind: "wrong-answer", got: chain(1, 2, 3) }]);
    expect(wrong.protection).toBeUndefined();
  });

  test("a program that defines the class anew is met by its own", async () => {
    const own = `class ListNode:
    def __init__(self, x): self.val, self.next = x, None
    def __eq__(self, other): return True
${REVERSE.replace("last = None", "assert type(head) is ListNode\n        last = None")}`;
    const judgement = await run(check(equal), own);
    expect(judgement.verdict.kind).toBe("passed");
    expect(judgement.protection).toBeUndefined();
    const liar = own.replace("return last", "return ListNode(0)");
    expect(kinds(await run(check(`${equal}\n    assert candidate(list_node([1])) == list_node([1])`), liar))).toEqual([
      "wrong-answer",
    ]);
  });

  test("what the program does to them in place shows on the check's side", async () => {
    const body = "x = list_node([1, 2])\n    candidate(x)\n    assert is_same_list(x, list_node([1, 9, 2]))";
    const program = "class Solution:\n    def reverse(self, head): head.next = ListNode(9, head.next)\n";
    expect(kinds(await run(check(body), program))).toEqual(["passed"]);
  });

  test("long chains and circles cross; a circle comes back as one", async () => {
    const long = "n = candidate(list_node(range(20000)))\n    assert n.val == 19999";
    expect(kinds(await run(check(long, { limits: { timeMs: 6000 } }), REVERSE))).toEqual(["passed"]);
    const circle =
      "x = list_node([1, 2])\n    x.next.next = x\n    y = candidate(x)\n    assert y.next.next is y and y.val == 1";
    const program =
      "class Solution:\n    def reverse(self, head):\n        assert head.next.next is head\n        return head\n";
    expect(kinds(await run(check(circle), program))).toEqual(["passed"]);
  });

  test("LeetCode's classes are there without a preamble", async () => {
    const body = "assert candidate(ListNode(1, ListNode(2))).val == 2";
    const judgement = await run(check(body, { preamble: "" }), REVERSE);
    expect(judgement.verdict.kind).toBe("passed");
    expect(judgement.protection).toBeUndefined();
  });

  test.each([
    ["an attribute that holds a function", "head.val = print; return head"],
    ["another class in its place", "class ListNode:\n            val = 3\n        return ListNode()"],
    ["a subclass", "class A(ListNode):\n            __eq__ = lambda a, b: True\n        return A(3, None)"],
    ["a class named like a dunder", "head.__dict__['__class__'] = 3; return head"],
  ])("%s does not get into the check: %s", async (_name, body) => {
    const program = `class Solution:\n    def reverse(self, head):\n        ${body}\n`;
    const judgement = await run(check(equal), program);
    expect(judgement.tests[0].kind).toMatch(/^(wrong-answer|raised)$/);
    expect(judgement.protection).toBeUndefined();
  });

  test("objects of a class of the check's own cannot cross, and the verdict says so", async () => {
    const body = "class Mine: x = 1\n    assert candidate(Mine()) == 1";
    const program = "class Solution:\n    def reverse(self, mine): return mine.x\n";
    expect(await run(check(body), program)).toMatchObject({ verdict: { kind: "passed" }, protection: "weaker" });
  });
});

describe("files beside the program", () => {
  const files = { "helper.py": "def twice(x): return 2 * x\n", "pack/inner.py": "N = 3\n", "data/words.txt": "ä b\n" };
  const stdio = (stdout: string) => ({ kind: "stdio", stdin: "", stdout });

  test("modules are imported and data is opened, in every kind of test", async () => {
    const program =
      "import helper\nfrom pack.inner import N\ndef f(x): return helper.twice(x) + N\nprint(f(1), open('data/words.txt').read().split())";
    const tests = [
      stdio("5 ['ä', 'b']\n"),
      call("f", [2], 7),
      { kind: "assert", code: "assert f(3) == 9" },
      { kind: "check", code: "def check(c):\n    assert c(4) == 11\n", entryPoint: "f" },
      { kind: "check", code: "def check(c):\n    assert c(lambda: 1) is None\n", entryPoint: "f" },
    ];
    const judgement = await run(problem(tests.slice(0, 4), { files }), program);
    expect(kinds(judgement)).toEqual(["passed", "passed", "passed", "passed"]);
  });

  test("they are read-only, and gone for the next program", async () => {
    const subject = problem([stdio("5\n")], { files });
    const write = "open('data/words.txt', 'a').write('x')";
    const remove = "import os\nos.remove('helper.py')";
    expect(kinds(await run(subject, write))).toEqual(["denied"]);
    expect(kinds(await run(subject, remove))).toEqual(["denied"]);
    const look = "import os\nprint([n for _, d, f in os.walk('.') for n in d + f])";
    const without = await Promise.all([1, 2, 3, 4].map(() => run(problem([stdio("['web_user']\n")]), look)));
    expect(without.flatMap(kinds)).toEqual(["passed", "passed", "passed", "passed"]);
  });

  test("one program before different files sees each time its own", async () => {
    const program = "print(open('n.txt').read())";
    const all = await Promise.all(
      ["1", "2", "3"].map((text) =>
        run(problem([stdio(`${text}\n`), stdio(`${text}\n`)], { files: { "n.txt": text } }), program),
      ),
    );
    expect(all.flatMap(kinds)).toEqual(Array.from({ length: 6 }, () => "passed"));
  });

  test.each(["../x.py", "/x.py", "a//b.py", ".hidden", "a/../b", "x y.py", "", "a\\b"])(
    "the name %j is refused",
    (name) => {
      expect(() => problem([stdio("")], { files: { [name]: "" } })).toThrow(/expected a relative path/);
    },
  );

  test("sizes and clashes are refused", () => {
    expect(() => problem([stdio("")], { files: { a: "x".repeat(9 << 20) } })).toThrow(/at most 8388608 bytes/);
    expect(() => problem([stdio("")], { files: { a: "", "a/b": "" } })).toThrow(/others name it a folder/);
    const many = Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`f${i}`, ""]));
    expect(() => problem([stdio("")], { files: many })).toThrow(/at most 100 files/);
  });
});

describe("limits", () => {
  const busy = "def f(n):\n    for i in range(n * 100_000): i += 1\n    return n";
  const five = Array.from({ length: 5 }, () => call("f", [2], 2));

  test("the total limit counts over all tests: the one that crosses it is timed out, the rest is not run", async () => {
    const enough = await run(problem(five, { limits: { timeMs: 1000, totalMs: 1000 } }), busy);
    expect(kinds(enough)).toEqual(["passed", "passed", "passed", "passed", "passed"]);
    const total = { timeMs: 1000, totalMs: 20 };
    for (const allTests of [false, true]) {
      const short = await run(problem(five, { limits: total }), busy, { allTests });
      expect(kinds(short)).toEqual(["passed", "passed", "timed-out", "not-run", "not-run"]);
      expect(short.verdict).toEqual({ kind: "failed", reason: "timed-out", passed: 2, total: 5 });
    }
  });

  test("what is left of a total limit is no other problem's", async () => {
    const program = `for i in range(1_000_000): pass\n${busy}`;
    const limits = { timeMs: 100, totalMs: 100 };
    const one = await openSandbox({ workers: 1 });
    try {
      const late = problem([{ kind: "assert", code: "assert f(8)" }, ...five], { limits });
      expect(kinds(await judge(one, late, program)).slice(0, 2)).toEqual(["passed", "timed-out"]);
      const fresh = await judge(one, problem([call("f", [1], 1), call("f", [0], 0)], { limits }), program);
      expect(kinds(fresh)[0]).toBe("passed");
    } finally {
      await one.close();
    }
  });

  test("the fraction of tests is in the verdict when all are asked for", async () => {
    const tests = [1, 2, 3, 4].map((n) => call("f", [n], 2));
    const judgement = await run(problem(tests), "def f(n): return 2 if n % 2 else n", { allTests: true });
    expect(judgement.verdict).toEqual({ kind: "failed", reason: "wrong-answer", passed: 3, total: 4 });
  });
});

test("imports of a preamble that are not installed are named", async () => {
  const preamble = "import math\nimport numpy as np\nfrom sortedcontainers import SortedList\nimport pandas.core\n";
  const judgement = await run(problem([call("f", [4], 2)], { preamble }), "def f(x): return int(math.sqrt(x))");
  expect(judgement).toMatchObject({
    verdict: { kind: "passed" },
    skippedImports: ["numpy", "pandas", "sortedcontainers"],
  });
  const without = await run(problem([call("f", [4], 2)], { preamble: "import math" }), "def f(x): return 2");
  expect(without).not.toHaveProperty("skippedImports");
});
