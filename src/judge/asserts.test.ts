// Asserts of every common form, judged as Python itself would, with program and assert apart.

import * as fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultLimits, problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judge } from "./judge.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(() => sandbox.close());

const PROGRAM = `
from collections import Counter, OrderedDict, deque
def same(x): return x
def third(x): return x / 3
def pair(x): return (x, x + 1)
def many(x): return list(range(x))
def word(x): return "ab" * x
def table(x): return {i: str(i) for i in range(x)}
def maybe(x): return None if x % 2 else x
def even(x): return x % 2 == 0
def unique(x): return {i % 2 for i in range(x)}
def frozen(x): return frozenset(range(x))
def tally(x): return Counter("aab" * x)
def ordered(x): return OrderedDict((i, -i) for i in range(x))
def queue(x): return deque(range(x))
def complexly(x): return complex(x, 1)
def nested(x): return [[i, (i,)] for i in range(x)]
def picky(x):
    if x == 2: raise ValueError("two")
    return x
class Solution:
    def method(self, x, times=2): return x * times
`;
const FUNCTIONS =
  "same third pair many word table maybe even unique frozen tally ordered queue complexly nested picky".split(" ");
const VALUES =
  `0 1 2 3 1.0 0.0 0.6666666666666666 True False None "" "ab" "abab" [] [0] [0,1] [0,1,2] (1,2) (2,3) () {0,1}
  {0} set() {} {0:"0"} {0:"0",1:"1"} 2+1j {"a":2,"b":1} [[0,(0,)]]`.split(/\s+/);
const TEMPLATES = [
  "assert F(A) == V",
  "assert V == F(A)",
  "assert F(A) != V",
  'assert F(A) == V, "a message"',
  "assert F(A) is None",
  "assert F(A) is not None",
  "assert F(A) is True",
  "assert F(A)",
  "assert not F(A)",
  "assert abs(F(A) - V) < 1e-6",
  "import math\nassert math.isclose(F(A), V, rel_tol=1e-9)",
  "assert sorted(F(A)) == V",
  "assert set(F(A)) == V",
  "assert list(F(A)) == V",
  "assert len(F(A)) == V",
  "assert F(A) == F(B)",
  "assert F(A) in (V, W)",
  "assert V in F(A)",
  "assert F(A) <= V",
  "assert isinstance(F(A), (set, int, dict))",
  "assert type(F(A)).__name__ == type(V).__name__",
  "assert F(A) == V\nassert F(B) == W",
  "result = F(A)\nassert result == V or result == W",
  "assert all(F(i) == F(i) for i in range(B))",
  "assert [F(A), F(B)] == [V, W]",
  "assert F(A) == V and F(B) == W",
  "assert str(F(A)) == str(V)",
  "for i in range(B):\n    assert F(i) is not None",
  "try:\n    F(A)\nexcept ValueError as error:\n    assert str(error) == 'two'\nelse:\n    assert A != 2",
  "assert Solution().method(V, 2) == W",
  "assert Solution().method(A) == A + A",
  "assert sorted([Solution().method(A), Solution().method(B, times=3)]) == [V, W]",
  "assert set(Solution().method(V)) == set(V)",
  "assert F(x := A) == V and x == A",
];

const code = fc
  .record({
    template: fc.constantFrom(...TEMPLATES),
    F: fc.constantFrom(...FUNCTIONS),
    A: fc.nat(3).map(String),
    B: fc.nat(3).map(String),
    V: fc.constantFrom(...VALUES),
    W: fc.constantFrom(...VALUES),
  })
  .map(({ template, ...parts }) => template.replace(/\b[FABVW]\b/g, (name) => parts[name as keyof typeof parts]));

/** What Python itself says: everything in one interpreter. */
async function plainly(codes: readonly string[]): Promise<boolean[]> {
  const call = { function: "run", arguments: [codes], keywords: {} };
  const source = `${PROGRAM}
def run(codes):
    results = []
    for code in codes:
        try:
            exec(code, dict(globals()))
            results.append(True)
        except Exception:
            results.append(False)
    return results
`;
  const request = { op: "run", name: "program", source, preamble: "", call };
  const { reply } = await sandbox.lease((room) => room.run({ request, stdin: "", limits: defaultLimits }));
  return reply?.returned as unknown as boolean[];
}

test("200 generated asserts pass and fail as in plain Python, with full protection", async () => {
  const codes = fc.sample(code, { numRuns: 200, seed: 5 });
  const expected = await plainly(codes);
  const tests = codes.map((text) => ({ kind: "assert", code: text }));
  const subject = problemSchema.parse({ id: "p", language: "python", prompt: "", tests });
  const judgement = await judge(sandbox, subject, PROGRAM, { allTests: true });
  const different = codes.filter((_, at) => (judgement.tests[at].kind === "passed") !== expected[at]);
  expect(different).toEqual([]);
  expect(judgement.protection).toBeUndefined();
  expect(expected.filter(Boolean).length).toBeGreaterThan(40);
  expect(expected.filter((passed) => !passed).length).toBeGreaterThan(40);
});

const LIAR = `
class Liar:
    def __getattr__(self, name): return lambda *rest, **options: self
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = lambda self, other: True
    __bool__ = lambda self: True
    __sub__ = __rsub__ = __abs__ = __neg__ = lambda self, *other: self
    __hash__ = lambda self: 0
    __len__ = __index__ = lambda self: 1
    __float__ = lambda self: 0.3
    __iter__ = lambda self: iter([self])
    __contains__ = lambda self, item: True
    def __instancecheck__(self, other): return True
def f(x): return Liar()
class Solution:
    def f(self): return Liar()
`;

test.each([
  "assert f(1) == 2",
  "assert f(1) != 2 and f(1) == 2",
  "assert abs(f(1) - 0.3) < 1e-6",
  "import math\nassert math.isclose(f(1), 0.3)",
  "assert sorted(f(1)) == [1]",
  "assert set(f(1)) == {1}",
  "assert len(f(1)) == 1",
  "assert 3 in f(1)",
  "assert f(1) is True",
  "assert isinstance(f(1), int)",
  "assert f(1).total() == 3",
  "x = f(1)\nassert 2 == x",
  "assert f(1) in [2]",
  "assert {f(1)} == {2}",
  "assert f(1) > 0",
  "assert sorted(Solution().f()) == [1]",
])("an object that agrees to everything does not pass %j", async (text) => {
  const tests = [{ kind: "assert", code: text }];
  const subject = problemSchema.parse({ id: "p", language: "python", prompt: "", tests });
  const judgement = await judge(sandbox, subject, LIAR);
  expect(judgement.verdict.kind).toBe("failed");
  expect(judgement.protection).toBeUndefined();
});
