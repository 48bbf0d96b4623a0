import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../judge/judge.js";
import { type Problem, problemSchema } from "../problems/problem.js";
import { continuation } from "../prompts/continuation.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { trace } from "../tracer/tracer.js";
import { dropReasons } from "./example.js";
import { AlignmentPool } from "./pool.js";
import { type Candidate, type RecycleOptions, recycle } from "./recycle.js";

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
  source: "failed",
  selection: "lastAssigned",
  maximumVariables: 3,
  minimumComplexity: 0,
  maximumComplexity: 100,
  includeRaised: false,
  maximumPromptTokens: 1000,
  maximumAnswerTokens: 1000,
  maximumPerStep: null,
};

describe("recycling", () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await openSandbox({ workers: 1 });
  });
  afterAll(() => sandbox.close());

  async function run(programs: ReadonlyArray<string | null>, overrides: Partial<RecycleOptions> = {}) {
    const candidates: Candidate[] = await Promise.all(
      programs.map(async (program) => ({ problem, program, judgement: await judge(sandbox, problem, program) })),
    );
    const pool = new AlignmentPool({ capacity: 100, sampling: "recent" });
    const tools = {
      dialect: continuation,
      countTokens: (text: string) => text.length,
      trace: (program: string, input: Parameters<typeof trace>[2]) => trace(sandbox, program, input),
    };
    return recycle(candidates, { ...options, ...overrides }, pool, tools, 7, 0);
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

  it("takes passed programs where the source says so, and raised ones with what they had", async () => {
    const right = "def f(x):\n    a = sum(x)\n    return a * 2";
    expect((await run([right, wrong], { source: "all" })).funnel.kept).toBe(2);
    expect((await run([right, wrong], { source: "passed" })).examples.map(({ program }) => program)).toEqual([right]);
    const { examples } = await run(["def f(x):\n    a = 1\n    return a / 0"], { includeRaised: true });
    expect(examples[0]?.truth).toEqual({ variables: { "f.a": 1 }, output: "ZeroDivisionError" });
  });

  it("counts every candidate once", async () => {
    const { funnel } = await run([wrong, wrong, "def f(x:", "def f(x):\n    return sum(x) * 2"]);
    expect(funnel.kept + dropReasons.reduce((total, reason) => total + funnel.dropped[reason], 0)).toBe(4);
  });
});
