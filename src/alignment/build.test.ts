// From programs to questions of every kind and back: what is asked is true, and the true answer scores 1.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Json } from "../core/json.js";
import { Rng } from "../core/rng.js";
import { type Problem, type ProgramInput, problemSchema } from "../problems/problem.js";
import { chat } from "../prompts/chat.js";
import { continuation } from "../prompts/continuation.js";
import type { Dialect } from "../prompts/dialect.js";
import { type QuestionKind, questionKinds } from "../prompts/question.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import type { HistoryPart } from "../tracer/history.js";
import { trace } from "../tracer/tracer.js";
import { type BuildOptions, type BuildTools, buildExample, trueAnswer } from "./build.js";
import type { AlignmentExample, DropReason } from "./example.js";
import { type ExampleGrading, gradeExample } from "./grade-example.js";
import { outputOf } from "./output.js";
import { rewardModes } from "./reward.js";

const LOOP = `def f(x):
    t = 0
    for v in x:
        if v > 1:
            t += v
        else:
            t -= 1
    if t > 100:
        t = 100
    return t`;
const CALL: ProgramInput = { kind: "call", function: "f", arguments: [[1, 2, 3]] };
const problem: Problem = problemSchema.parse({
  id: "p",
  language: "python",
  prompt: "",
  limits: { timeMs: 200 },
  tests: [{ kind: "call", function: "f", arguments: [[1, 2, 3]], expected: 4 }],
});
const options: BuildOptions = {
  target: "finalValues",
  selection: "all",
  maximumVariables: 3,
  minimumComplexity: 0,
  maximumComplexity: 100,
  includeRaised: false,
  maximumPromptTokens: 10_000,
  maximumAnswerTokens: 10_000,
};

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const tools: BuildTools = {
  dialect: continuation,
  countTokens: (text) => text.length,
  trace: (program: string, input: ProgramInput, { limits, language }: Problem, history?: readonly HistoryPart[]) =>
    trace(sandbox, program, input, { limits, language, history }),
};
const grading: ExampleGrading = {
  mode: "withOutput",
  sequencesAsArrays: false,
  outputOn: async ({ program }, input) => outputOf(await tools.trace(program, input, problem), input),
};

interface Subject {
  readonly program: string;
  readonly input: ProgramInput;
  readonly seed: number;
  readonly of: Problem;
  readonly dialect: Dialect;
}

const build = (
  overrides: Partial<BuildOptions>,
  { program = LOOP, input = CALL, seed = 0, of = problem, dialect = continuation }: Partial<Subject> = {},
): Promise<AlignmentExample | DropReason> =>
  buildExample(
    { problem: of, program, input, step: 1 },
    { ...options, ...overrides },
    { ...tools, dialect },
    Rng.of(seed),
  );
const built = async (...args: Parameters<typeof build>): Promise<AlignmentExample> => {
  const example = await build(...args);
  if (typeof example === "string") throw new Error(`dropped: ${example}`);
  return example;
};
const rewardOf = async (example: AlignmentExample, answer: string): Promise<number | undefined> =>
  (await gradeExample(example, answer, grading))?.reward;

describe("a question of each kind", () => {
  it("asks final values as it always has", async () => {
    const example = await built({ target: "finalValues" });
    expect(example).toMatchObject({ target: "finalValues", asked: ["f.v", "f.t"] });
    expect(example.prompt).toBe(`${LOOP}\n# f([1, 2, 3]) -> f.v, f.t, output\n`);
  });

  it("asks a variable after its k-th assignment", async () => {
    const { prompt, truth, asked } = await built({ target: "stepValues" });
    const values: Record<string, number[]> = { "f.t": [0, -1, 1, 4], "f.v": [1, 2, 3] };
    expect(asked).toHaveLength(2);
    for (const [key, value] of Object.entries(truth.variables)) {
      const [name, k] = key.split("@");
      expect(value).toBe(values[name]?.[Number(k) - 1]);
    }
    expect(prompt).toBe(`${LOOP}\n# f([1, 2, 3]) -> ${asked.join(", ")}\n`);
  });

  it("asks the line that is executed next, of a program with line numbers", async () => {
    const { prompt, truth, asked } = await built({ target: "nextLine" });
    expect(prompt).toMatch(/^1\| def f\(x\):\n2\| {5}t = 0\n/);
    expect(prompt.endsWith(`# f([1, 2, 3]) -> ${asked.join(", ")}\n`)).toBe(true);
    const moves: Record<string, Array<number | null>> = {
      "line 2": [3],
      "line 3": [4, 4, 4, 8],
      "line 4": [7, 5, 5],
      "line 5": [3, 3],
      "line 7": [3],
      "line 8": [10],
      "line 10": [null],
    };
    expect(asked.map((key) => key.split("#")[0])).toEqual(Object.keys(moves));
    for (const [key, next] of Object.entries(truth.variables)) {
      const [line, k] = key.split("#");
      expect([key, next]).toEqual([key, moves[line]?.[Number(k) - 1]]);
    }
  });

  it("asks which lines are executed, half of them lines that are not where there are any", async () => {
    expect((await built({ target: "coverage" })).truth.variables).toEqual({
      "line 2": true,
      "line 3": true,
      "line 4": true,
      "line 5": true,
      "line 7": true,
      "line 8": true,
      "line 9": false,
      "line 10": true,
    });
    for (const seed of [0, 1, 2, 3, 4]) {
      const { truth } = await built({ target: "coverage", selection: "random", maximumVariables: 2 }, { seed });
      expect(new Set(Object.values(truth.variables))).toEqual(new Set([false, true]));
    }
  });

  it("asks the output alone", async () => {
    const example = await built({ target: "output" });
    expect(example).toMatchObject({ asked: [], truth: { variables: {}, output: 4 } });
    expect(example.prompt).toBe(`${LOOP}\n# f([1, 2, 3]) -> output\n`);
    expect(trueAnswer(example)).toBe('{"variables": {}, "output": 4}');
  });

  it("asks an input, and takes every one that gives the output", async () => {
    const example = await built({ target: "input" });
    expect(example.prompt).toBe(`${LOOP}\n# f(...) == 4 -> input\n`);
    expect(trueAnswer(example)).toBe('{"input": [[1, 2, 3]]}');
    expect(await rewardOf(example, '{"input": [[4]]}')).toBe(1);
    expect(await rewardOf(example, 'maybe this\n{"input": [[5, 1]]}')).toBe(1);
    for (const wrong of ["[[5]]", "[]", "[[4], 1]", '"4"', "4", "null", '{"$tuple": [4]}'])
      expect([wrong, await rewardOf(example, `{"input": ${wrong}}`)]).toEqual([wrong, 0]);
    expect((await gradeExample(example, "no", grading))?.predicted).toBeNull();
  });

  it("asks an input of a program that reads and prints", async () => {
    const program = "a, b = map(int, input().split())\nprint(a + b)";
    const input: ProgramInput = { kind: "stdio", stdin: "1 2\n" };
    const example = await built({ target: "input" }, { program, input });
    expect(example.prompt).toBe(`${program}\n# stdout: "3\\n" -> input\n`);
    expect(await rewardOf(example, '{"input": "0 3"}')).toBe(1);
    expect(await rewardOf(example, '{"input": "1 3"}')).toBe(0);
    expect(await rewardOf(example, '{"input": [1, 2]}')).toBe(0);
  });

  it("survives inputs that no test would hold", async () => {
    const program = "def f(x):\n    while x == 1: pass\n    return [x] * 2";
    const example = await built({ target: "input" }, { program, input: { ...CALL, arguments: [0] } });
    const hostile = [
      "[1]",
      '[{"$cycle": 3}]',
      '[{"$obj": "os", "attrs": {}}]',
      '[{"$int": "zz"}]',
      '[{"$repr": "range(0)"}]',
      '[{"$foreign": true}]',
      '[{"$dict": [1]}]',
      `[${"[".repeat(400)}${"]".repeat(400)}]`,
      `["${"x".repeat(100_000)}"]`,
    ];
    for (const input of hostile)
      expect([input.slice(0, 40), await rewardOf(example, `{"input": ${input}}`)]).toEqual([input.slice(0, 40), 0]);
    expect(await rewardOf(example, '{"input": [0]}')).toBe(1);
  });

  it("draws one kind for each example where they are mixed, and the same one for the same seed", async () => {
    const kinds = await Promise.all(
      Array.from({ length: 24 }, async (_, seed) => (await built({ target: "mixed" }, { seed })).target),
    );
    expect(new Set(kinds)).toEqual(new Set(questionKinds));
    expect((await built({ target: "mixed" }, { seed: 5 })).target).toBe(kinds[5]);
  });
});

describe("every question", () => {
  it.each(questionKinds)("%s: its true answer scores 1 in every mode and dialect, and nonsense 0", async (target) => {
    const chatty = chat((messages) => messages.map(({ content }) => content).join());
    for (const dialect of [continuation, chatty]) {
      const example = await built({ target }, { dialect });
      for (const mode of rewardModes) {
        const score = async (answer: string) =>
          (await gradeExample(example, answer, { ...grading, mode, sequencesAsArrays: dialect.sequencesAsArrays }))
            ?.reward;
        expect(await score(trueAnswer(example))).toBeCloseTo(1, 12);
        expect(await score("nothing")).toBe(0);
        expect(await score("{}")).toBe(0);
      }
    }
  });

  it.each([
    ["raised", "def f(x):\n    a = 1\n    return a // 0", "output"],
    ["tampered", "import sys\ndef f(x):\n    a = sys._getframe()\n    return 1", "stepValues"],
    ["timed-out", "def f(x):\n    a = 1\n    while True: pass", "nextLine"],
    ["no-variables", "def f(x): return 1", "nextLine"],
    ["no-variables", "def f(x): return 1", "coverage"],
    ["no-variables", "def f(x):\n    return 1", "stepValues"],
    ["nondeterministic", "import random\ndef f(x):\n    return random.random()", "output"],
    ["no-variables", "import random\ndef f(x):\n    a = random.random()\n    return 1", "stepValues"],
    ["too-big", "def f(x):\n    return list(range(100000))", "output"],
  ] as const)("%s: dropped where it cannot be asked", async (reason, program, target) => {
    expect(await build({ target }, { program })).toBe(reason);
  });

  it("asks the exception's type as the output where raised programs are included, and no input of them", async () => {
    const program = "def f(x):\n    return 1 // 0";
    expect(await build({ target: "output", includeRaised: true }, { program })).toMatchObject({
      truth: { output: "ZeroDivisionError" },
    });
    expect(await build({ target: "input", includeRaised: true }, { program })).toBe("raised");
  });

  it("never asks along the way of a function that calls itself", async () => {
    const program = "def f(x):\n    n = len(x)\n    if n:\n        n = f(x[1:])\n    return n";
    expect(await build({ target: "stepValues" }, { program })).toBe("no-variables");
    expect(await build({ target: "nextLine" }, { program })).toBe("no-variables");
  });

  it("keeps keyword arguments where an input is asked", async () => {
    const program = "def f(x, k):\n    return x + k";
    const input: ProgramInput = { kind: "call", function: "f", arguments: [1], keywords: { k: 2 } };
    const example = await built({ target: "input" }, { program, input });
    expect(example.prompt).toContain("# f(..., k=2) == 3 -> input\n");
    expect(await rewardOf(example, '{"input": [1]}')).toBe(1);
    expect(await rewardOf(example, '{"input": [2]}')).toBe(0);
  });

  it("asks JavaScript programs all of it, and its true answer scores 1", async () => {
    const of = problemSchema.parse({ ...problem, language: "javascript" });
    const program =
      "function f(x) {\n  let t = 0;\n  for (const v of x) {\n    t += v;\n  }\n  if (t > 9)\n    t = 9;\n  return t;\n}";
    const chatty = chat((messages) => messages.map(({ content }) => content).join());
    const inScript: ExampleGrading = {
      ...grading,
      outputOn: async (example, input) => outputOf(await tools.trace(example.program, input, of), input),
    };
    const truths: Readonly<Partial<Record<QuestionKind, Readonly<Record<string, Json[]>>>>> = {
      finalValues: { "f.v": [3], "f.t": [6] },
      stepValues: { "f.v@1": [1], "f.v@2": [2], "f.v@3": [3], "f.t@1": [0], "f.t@2": [1], "f.t@3": [3], "f.t@4": [6] },
      nextLine: {
        "line 2#1": [3],
        ...Object.fromEntries([1, 2, 3, 4].map((k) => [`line 3#${k}`, [k === 4 ? 6 : 4]])),
        ...Object.fromEntries([1, 2, 3].map((k) => [`line 4#${k}`, [3]])),
        "line 6#1": [8],
        "line 8#1": [null],
      },
      coverage: { "line 7": [false], ...Object.fromEntries([2, 3, 4, 6, 8].map((line) => [`line ${line}`, [true]])) },
    };
    for (const target of questionKinds) {
      for (const dialect of [continuation, chatty]) {
        const example = await built({ target }, { program, of, dialect });
        expect((await gradeExample(example, trueAnswer(example), inScript))?.reward).toBe(1);
        expect((await gradeExample(example, "{}", inScript))?.reward).toBe(0);
        for (const [key, value] of Object.entries(example.truth.variables)) {
          expect([key, value]).toEqual([key, ...(truths[target]?.[key] ?? ["not asked"])]);
        }
        expect(example.prompt.includes("2|   let t = 0;")).toBe(target === "nextLine" || target === "coverage");
      }
      const { prompt } = await built({ target }, { program, of });
      expect(prompt).toContain(target === "input" ? "// f(...) == 6 -> input\n" : "// f([1, 2, 3]) -> ");
    }
  });
});
