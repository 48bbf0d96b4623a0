import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BuildTools } from "../../alignment/build.js";
import { judge } from "../../judge/judge.js";
import { bundled } from "../../problems/bundled.js";
import { type Problem, problemSchema, readProblems } from "../../problems/problem.js";
import { chat } from "../../prompts/chat.js";
import { continuation } from "../../prompts/continuation.js";
import type { Dialect } from "../../prompts/dialect.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { trace } from "../../tracer/tracer.js";
import { type Demonstrated, type DemonstrationTask, demonstrate } from "./demonstrate.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const chatTexts = chat((messages) => messages.map(({ content }) => content).join(""));
const family = readProblems(bundled("bundled", "train")).slice(0, 6);

function problem(id: string, reference: string, input: unknown, expected: unknown): Problem {
  const tests = [{ kind: "call", function: "f", arguments: [input], expected }];
  return problemSchema.parse({ id, language: "python", prompt: "# f\n", starterCode: "def f(x):", tests, reference });
}

async function made(
  problems: readonly Problem[],
  tasks: readonly DemonstrationTask[],
  settings: {
    readonly dialect?: Dialect;
    readonly seed?: number;
    readonly includeRaised?: boolean;
    readonly emptiedInputs?: number;
  } = {},
): Promise<Demonstrated[]> {
  const { dialect = continuation, seed = 0, includeRaised = false, emptiedInputs = 0 } = settings;
  const all: Demonstrated[] = [];
  const tools = {
    dialect,
    countTokens: () => 0,
    judge: (asked: Problem, program: string | null) => judge(sandbox, asked, program),
    trace: ((program, input, _problem, history) =>
      trace(sandbox, program, input, { history })) satisfies BuildTools["trace"],
  };
  for await (const one of demonstrate(problems, { tasks, seed, includeRaised, emptiedInputs }, tools)) all.push(one);
  return all;
}

describe("demonstrations of programs", () => {
  it.each([
    ["continuation", continuation],
    ["chat", chatTexts],
  ])("show each reference once, as the completion that is read back as it (%s)", async (_, dialect) => {
    const shown = await made(family, ["code"], { dialect });
    expect(shown.map(({ metadata }) => metadata.problem).toSorted()).toEqual(family.map(({ id }) => id));
    for (const { prompt, answer, metadata } of shown) {
      const asked = family.find(({ id }) => id === metadata.problem) as Problem;
      expect(prompt).toBe(dialect.code(asked));
      expect(dialect.program(asked, answer)?.trimEnd()).toBe(asked.reference);
    }
  });

  it("leave out references that fail, or do not begin as the prompt does", async () => {
    const wrong = problem("wrong", "def f(x):\n    return x", 1, 2);
    const other = problem("other", "def f(y):\n    return y", 1, 1);
    const right = problem("right", "def f(x):\n    return x", 1, 1);
    expect((await made([wrong, other, right], ["code"])).map(({ metadata }) => metadata.problem)).toEqual(["right"]);
  });
});

describe("demonstrations of what programs do", () => {
  it("ask every reference on every input, in the words of training, and give what really happened", async () => {
    const shown = await made(family.slice(0, 2), ["finalValues"]);
    expect(shown.length).toBe(12);
    expect(new Set(shown.map(({ prompt }) => prompt)).size).toBe(12);
    for (const { prompt, answer, metadata } of shown) {
      const { reference, tests } = family.find(({ id }) => id === metadata.problem) as Problem;
      const test = tests.find(
        (one) =>
          one.kind === "call" && prompt.includes(`# f(${JSON.stringify(one.arguments[0]).replaceAll(",", ", ")}) ->`),
      );
      expect(prompt.startsWith(reference ?? "?")).toBe(true);
      expect(JSON.parse(answer).output).toEqual(test?.kind === "call" && test.expected);
    }
  });

  it.each(["stepValues", "nextLine", "coverage", "output", "input"] as const)(
    "ask for %s of every reference on every input",
    async (task) => {
      const shown = await made(family.slice(0, 2), [task]);
      expect(shown.length).toBe(12);
      expect(new Set(shown.map(({ metadata }) => metadata.task))).toEqual(new Set([task]));
    },
  );

  it("ask what comes of an empty input, a value or an exception, once a program", async () => {
    const first = problem("first", "def f(x):\n    return x[0]", [1], 1);
    const length = problem("length", "def f(x):\n    return len(x)", [1], 1);
    const shown = await made([first, length], ["output"], { includeRaised: true, emptiedInputs: 1 });
    expect(shown.every(({ prompt }) => prompt.endsWith("\n# f([]) -> output\n"))).toBe(true);
    const answers = [0, "IndexError"].map((output) => `{"variables": {}, "output": ${JSON.stringify(output)}}`);
    expect(new Set(shown.map(({ answer }) => answer))).toEqual(new Set(answers));
  });

  it("write tuples as the prompt says", async () => {
    const tuples = problem("t", "def f(x):\n    a = (x, [(x,)])\n    return a", 1, { $tuple: [1, [{ $tuple: [1] }]] });
    const [plain] = await made([tuples], ["finalValues"]);
    expect(plain.answer).toContain('{"$tuple": [1, [{"$tuple": [1]}]]}');
    const [arrays] = await made([tuples], ["finalValues"], { dialect: chatTexts });
    expect(arrays.answer).toBe('{"variables": {"f.a": [1, [[1]]]}, "output": [1, [[1]]]}');
  });

  it("hold programs that raise only where asked, with the exception's type as the output", async () => {
    const raising = problem("r", "def f(x):\n    a = x + 1\n    b = a // x\n    return b", 0, 1);
    expect(await made([raising], ["finalValues"])).toEqual([]);
    const [shown] = await made([raising], ["finalValues"], { includeRaised: true });
    expect(shown.answer).toBe('{"variables": {"f.a": 1}, "output": "ZeroDivisionError"}');
  });

  it("come in turn with other tasks until both are used up, alike for the same seed", async () => {
    const two = family.slice(0, 2);
    const shown = await made(two, ["code", "finalValues"]);
    const kinds = shown.map(({ metadata }) => metadata.task);
    expect(kinds.slice(0, 5)).toEqual(["code", "finalValues", "code", "finalValues", "finalValues"]);
    expect(kinds.length).toBe(14);
    expect(await made(two, ["code", "finalValues"])).toEqual(shown);
    expect(await made(two, ["code", "finalValues"], { seed: 1 })).not.toEqual(shown);
  });
});
