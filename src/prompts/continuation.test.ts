import { describe, expect, it } from "vitest";
import { problemSchema } from "../problems/problem.js";
import { continuation, continuationFrom } from "./continuation.js";

describe("the continuation dialect of a model whose texts begin with a special token", () => {
  const dialect = continuationFrom("<s>");
  const problem = problemSchema.parse({
    id: "p",
    language: "python",
    prompt: "def f(x):\n",
    tests: [{ kind: "call", function: "f", arguments: [1], expected: 3 }],
  });

  it("begins every prompt with it, and no program", () => {
    const input = { kind: "stdio", stdin: "" } as const;
    const [test] = problem.tests;
    expect(dialect.code(problem)).toBe(`<s>${continuation.code(problem)}`);
    expect(dialect.alignment("x = 1", input, { x: 1 }, true)).toBe(
      `<s>${continuation.alignment("x = 1", input, { x: 1 }, true)}`,
    );
    expect(dialect.testOutput(problem, test)).toBe(`<s>${continuation.testOutput(problem, test)}`);
    expect(dialect.program(problem, "    return 3")).toBe("def f(x):\n    return 3");
  });
});
