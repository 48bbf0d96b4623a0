import { afterAll, beforeAll, expect, test } from "vitest";
import { Rng } from "../../core/rng.js";
import { generateFamily } from "../../problems/family/family.js";
import { STYLES } from "../../problems/family/operations.js";
import { programOf } from "../../problems/family/program.js";
import { evaluate } from "../../problems/family/python/evaluate.js";
import { drawTask } from "../../problems/family/task.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { trace } from "../../tracer/tracer.js";
import { checkFamily, type FamilyCheck, type ProgramTracer } from "./family-check.js";

let sandbox: Sandbox;
let runner: ProgramTracer;

beforeAll(async () => {
  sandbox = await openSandbox();
  runner = { trace: (program, input) => trace(sandbox, program, input) };
});

afterAll(() => sandbox.close());

async function failures(
  problems: readonly Problem[],
): Promise<Partial<Record<FamilyCheck["name"], readonly string[]>>> {
  const checks = await checkFamily(runner, problems);
  return Object.fromEntries(
    checks.filter((check) => check.failures.length > 0).map((check) => [check.name, check.failures]),
  );
}

function double(id: string, reference: string, hidden: readonly number[], metadata: object = {}): Problem {
  const tests = [1, ...hidden].map((argument, index) => ({
    kind: "call",
    function: "f",
    arguments: [argument],
    expected: argument * 2,
    ...(index === 0 && { visible: true }),
  }));
  return problemSchema.parse({ id, language: "python", prompt: "# double\n", tests, reference, metadata });
}

test("what the family generates passes every check", async () => {
  const problems = [
    ...generateFamily({ seed: 1, count: 40, split: "train", subset: "core" }),
    ...generateFamily({ seed: 1, count: 60, split: "train", subset: "full" }).map((problem) => ({
      ...problem,
      id: `${problem.id}w`,
    })),
  ];
  const checks = await checkFamily(runner, problems.slice(40));
  expect(checks.map(({ name, checked }) => [name, checked > 0])).toEqual([
    ["references differ", true],
    ["hidden tests separate", true],
    ["splits are disjoint", true],
  ]);
  expect(checks.flatMap((check) => check.failures)).toEqual([]);
  expect(await failures(problems.slice(0, 40))).toEqual({});
});

test("two references that do the same are named", async () => {
  const found = await failures([
    double("a", "def f(x):\n    return x * 2", [2, 3]),
    double("b", "def f(x):\n    return x + x", [5, 6]),
  ]);
  expect(found["references differ"]).toEqual(["a and b behave alike"]);
});

test("hidden tests that another reference passes are named", async () => {
  const found = await failures([
    double("weak", "def f(x):\n    return x * 2", [2]),
    { ...double("other", "def f(x):\n    return x * 2 if x < 5 else 0", [2, 3]), prompt: "# other\n" },
    double("strong", "def f(x):\n    return 2 * x + (x == 7)", [9, 8]),
  ]);
  expect(found["hidden tests separate"]?.some((text) => text.includes("of weak do not tell it from other"))).toBe(true);
});

test("a composition in two splits is named", async () => {
  const found = await failures([
    double("a", "def f(x):\n    return x * 2", [2, 3], { composition: "add|sum", split: "train" }),
    double("b", "def f(x):\n    return x + x", [5, 6], { composition: "add|sum", split: "held-out" }),
  ]);
  expect(found["splits are disjoint"]).toEqual(["add|sum is in train (a) and held-out (b)"]);
});

test("the evaluator agrees with Python in value, order and status of every variable", async () => {
  const rng = Rng.of("evaluator against python");
  const runs = Array.from({ length: 160 }, (_, index) => {
    const task = drawTask(rng, { split: "train", subset: index % 3 === 0 ? "core" : "full" });
    const program = programOf(
      task.steps,
      task.steps.map(() => rng.pick(STYLES)),
      task.form,
    );
    return { program, input: task.examples[0].input };
  });
  const traces = await Promise.all(runs.map(({ program, input }) => trace(sandbox, program, input)));
  for (const [index, { program, input }] of runs.entries()) {
    const own = evaluate(program, input);
    const real = traces[index];
    expect(Object.entries(own.variables), program).toEqual(Object.entries(real.variables));
    expect([own.status, own.returned, own.stdout]).toEqual([real.status, real.returned, real.stdout]);
    expect(new Set(own.parameters)).toEqual(new Set(real.parameters));
  }
});
