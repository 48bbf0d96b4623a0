import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../judge/judge.js";
import { type Problem, type ProgramInput, problemSchema } from "../problems/problem.js";
import { heldProblems } from "../problems/problem-set.js";
import { continuation } from "../prompts/continuation.js";
import { questionKinds } from "../prompts/question.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { HistoryPart } from "../tracer/history.js";
import { trace } from "../tracer/tracer.js";
import { dropReasons } from "./example.js";
import { AlignmentPool, exampleKey } from "./pool.js";
import { type Candidate, type RecycleOptions, recycle } from "./recycle.js";
import { fromReferences, hasReference } from "./references.js";

const problem: Problem = problemSchema.parse({
  id: "double-sum",
  language: "python",
  prompt: "# add up, then double\n",
  starterCode: "def f(x):",
  limits: { timeMs: 200 },
  tests: [
    { kind: "call", function: "f", arguments: [[1, 2]], expected: 6 },
    { kind: "call", function: "f", arguments: [[]], expected: 0 },
  ],
});

const options: RecycleOptions = {
  target: "finalValues",
  source: "failed",
  passedTests: "any",
  selection: "lastAssigned",
  maximumVariables: 3,
  minimumComplexity: 0,
  maximumComplexity: 100,
  includeRaised: false,
  maximumPromptTokens: 1000,
  maximumAnswerTokens: 1000,
  maximumPerStep: null,
  emptiedInputs: 0,
};

describe("recycling", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox({ workers: 1 });
  });
  afterAll(() => sandbox.close());

  const tools = {
    dialect: continuation,
    countTokens: (text: string) => text.length,
    trace: (program: string, input: ProgramInput, _: Problem, history?: readonly HistoryPart[]) =>
      trace(sandbox, program, input, { history }),
  };
  const emptyPool = (): AlignmentPool => new AlignmentPool({ capacity: 100, sampling: "recent" });

  async function run(programs: ReadonlyArray<string | null>, overrides: Partial<RecycleOptions> = {}) {
    const allTests = overrides.passedTests !== undefined;
    const candidates: Candidate[] = await Promise.all(
      programs.map(async (program) => ({
        problem,
        program,
        judgement: await judge(sandbox, problem, program, { allTests }),
      })),
    );
    return recycle(candidates, { ...options, ...overrides }, emptyPool(), tools, 7, 0);
  }

  const wrong = "def f(x):\n    a = sum(x)\n    b = a + 2\n    return b";

  it("turns a failed program into a question whose truth is what really happens", async () => {
    const { examples, funnel } = await run([wrong]);
    expect(funnel).toMatchObject({ candidates: 1, kept: 1 });
    expect(examples[0]).toMatchObject({
      problem: "double-sum",
      step: 7,
      program: wrong,
      input: { kind: "call", function: "f", arguments: [[1, 2]] },
      asked: ["f.a", "f.b"],
      truth: { variables: { "f.a": 3, "f.b": 5 }, output: 5 },
      prompt: `${wrong}\n# f([1, 2]) -> f.a, f.b, output\n`,
    });
  });

  it.each([
    ["passed", "def f(x):\n    return sum(x) * 2"],
    ["unparsable", "def f(x:"],
    ["unparsable", null],
    ["raised", "def f(x):\n    a = 1\n    return a / 0"],
    ["timed-out", "def f(x):\n    a = 1\n    while True: pass"],
    ["no-variables", "def f(x):\n    return 1"],
    ["too-big", "def f(x):\n    a = list(range(100000))\n    return 1"],
    ["tampered", "import sys\ndef f(x):\n    a = sys._getframe()\n    b = 1\n    return 1"],
    ["nondeterministic", "import random\ndef f(x):\n    a = random.random()\n    return 1"],
  ] as const)("drops and counts what cannot be asked: %s", async (reason, program) => {
    const { examples, funnel } = await run([program]);
    expect(examples).toEqual([]);
    expect(funnel.dropped[reason]).toBe(1);
  });

  it("counts duplicates, the step's limit, long prompts and long answers", async () => {
    expect((await run([wrong, wrong])).funnel.dropped.duplicate).toBe(1);
    expect((await run([wrong, `${wrong} + 1`], { maximumPerStep: 1 })).funnel.dropped["over-limit"]).toBe(1);
    expect((await run([wrong], { maximumPromptTokens: 10 })).funnel.dropped["prompt-too-long"]).toBe(1);
    expect((await run([wrong], { maximumAnswerTokens: 10 })).funnel.dropped["too-big"]).toBe(1);
    expect((await run([wrong], { minimumComplexity: 2 })).funnel.dropped.complexity).toBe(1);
  });

  it("asks a program again where kinds are mixed, at another step and for another kind, until all are asked", async () => {
    const pool = emptyPool();
    const candidates = [{ problem, program: wrong, judgement: await judge(sandbox, problem, wrong) }];
    const mixed = { ...options, target: "mixed" } as const;
    for (let step = 1; step <= questionKinds.length; step++) {
      const { examples } = await recycle([...candidates, ...candidates], mixed, pool, tools, step, 0);
      expect(examples).toHaveLength(1);
      pool.add(examples);
    }
    expect(new Set(pool.entries.map(({ example }) => example.target))).toEqual(new Set(questionKinds));
    const again = new AlignmentPool({ capacity: 100, sampling: "recent" }, pool.entries);
    expect((await recycle(candidates, mixed, again, tools, 9, 0)).funnel.dropped.duplicate).toBe(1);
    const one = new AlignmentPool({ capacity: 100, sampling: "recent" }, pool.entries.slice(0, 1));
    expect((await recycle(candidates, mixed, one, tools, 9, 0)).examples[0]?.target).not.toBe(
      pool.entries[0].example.target,
    );
  });

  it("takes passed programs where the source says so, and raised ones with what they had", async () => {
    const right = "def f(x):\n    a = sum(x)\n    return a * 2";
    expect((await run([right, wrong], { source: "all" })).funnel.kept).toBe(2);
    expect((await run([right, wrong], { source: "passed" })).examples.map(({ program }) => program)).toEqual([right]);
    const { examples } = await run(["def f(x):\n    a = 1\n    return a / 0"], { includeRaised: true });
    expect(examples[0]?.truth).toEqual({ variables: { "f.a": 1 }, output: "ZeroDivisionError" });
  });

  it("tells programs that pass some tests from those that pass none", async () => {
    const some = "def f(x):\n    a = sum(x)\n    return a";
    const none = "def f(x):\n    a = sum(x)\n    return a - 1";
    const kept = async (passedTests: RecycleOptions["passedTests"]): Promise<string[]> =>
      (await run([some, none], { passedTests })).examples.map(({ program }) => program);
    expect(await kept("any")).toEqual([some, none]);
    expect(await kept("some")).toEqual([some]);
    expect(await kept("none")).toEqual([none]);
  });

  describe("from references", () => {
    const references = [1, 2, 3].map((n) => ({
      ...problem,
      id: `p/${n}`,
      reference: `def f(x):\n    a = sum(x) * ${n}\n    return a`,
    }));
    const from = (problems: readonly Problem[], count: number, taken: number, pool = emptyPool(), emptiedInputs = 0) =>
      fromReferences(
        heldProblems(problems.filter(hasReference)),
        count,
        { ...options, source: "references", emptiedInputs },
        pool,
        tools,
        { step: 0, taken, seed: 3 },
      );

    it("needs no rollout: every reference once an epoch, on another input each, until all were asked", async () => {
      const pool = emptyPool();
      let taken = 0;
      const seen: string[] = [];
      for (let epoch = 0; epoch < 2; epoch++) {
        const made = await from(references, 3, taken, pool);
        expect(new Set(made.examples.map((example) => example.problem)).size).toBe(3);
        expect(made.funnel).toMatchObject({ candidates: 3, kept: 3 });
        pool.add(made.examples);
        taken = made.taken;
        seen.push(...made.examples.map(({ program, input }) => exampleKey(program, input)));
      }
      expect(new Set(seen).size).toBe(6);
      const { funnel, examples } = await from(references, 2, taken, pool);
      expect(examples).toEqual([]);
      expect(funnel.dropped.duplicate).toBe(3);
    });

    it("goes on where it was, with the same examples as without a break", async () => {
      const whole = (await from(references, 3, 0)).examples;
      const first = await from(references, 1, 0);
      const rest = await from(references, 2, first.taken);
      expect([...first.examples, ...rest.examples].map(({ program }) => program)).toEqual(
        whole.map(({ program }) => program),
      );
    });

    it("takes the next reference where one gives nothing, and counts both", async () => {
      const silent = { ...references[0], id: "p/0", reference: "def f(x):\n    return 1" };
      const { examples, funnel, taken } = await from([silent, ...references.slice(0, 1)], 1, 0);
      expect(examples).toHaveLength(1);
      expect(funnel.candidates).toBe(taken);
      expect(funnel.kept + funnel.dropped["no-variables"]).toBe(funnel.candidates);
    });

    it("draws anew for every reference whether its input is emptied, also for one in another's place", async () => {
      const raising = Array.from({ length: 9 }, (_, n) => ({
        ...problem,
        tests: problem.tests.slice(0, 1),
        id: `p/${n}`,
        reference: `def f(x):\n    a = x[0] + ${n}\n    return a`,
      }));
      const all = await from(raising, 9, 0, emptyPool(), 0.5);
      expect(all.funnel).toMatchObject({ candidates: 9, kept: 6 });
      // Of the first four one has its own input; the others are made up for by the next three.
      const some = await from(raising, 4, 0, emptyPool(), 0.5);
      expect(some.funnel).toMatchObject({ candidates: 7, kept: 4 });
      expect(some.examples).toEqual(all.examples.slice(0, 4));
    });

    it("leaves code rollouts alone", async () => {
      expect((await run([wrong], { source: "references" })).funnel.dropped.passed).toBe(1);
    });
  });

  it("counts every candidate once", async () => {
    const { funnel } = await run([wrong, wrong, "def f(x:", "def f(x):\n    return sum(x) * 2"]);
    expect(funnel.kept + dropReasons.reduce((total, reason) => total + funnel.dropped[reason], 0)).toBe(4);
  });
});
