import { expect, test } from "vitest";
import { Rng } from "../core/rng.js";
import { generateProblem } from "../problems/family/family.js";
import { problemSchema } from "../problems/problem.js";
import { renderTestOutput } from "./test-output.js";

function call(argument: number, expected: number, visible?: boolean): object {
  return { kind: "call", function: "f", arguments: [argument], expected, ...(visible === true && { visible }) };
}

const problem = problemSchema.parse({
  id: "p",
  language: "python",
  prompt: "# double\n# f(1) == 2\n# f(2) == 4\n",
  tests: [call(1, 2, true), call(2, 4, true), call(5, 10), { kind: "assert", code: "assert f(0) == 0" }],
});

test("a hidden test is asked after all visible examples but the last", () => {
  expect(renderTestOutput(problem, problem.tests[2])).toEqual({
    prompt: "# double\n# f(1) == 2\n# f(5) == ",
    answer: "10",
  });
});

test("a visible test is asked without being shown", () => {
  expect(renderTestOutput(problem, problem.tests[0])).toEqual({
    prompt: "# double\n# f(2) == 4\n# f(1) == ",
    answer: "2",
  });
});

test("opaque code has no output to ask", () => {
  expect(renderTestOutput(problem, problem.tests[3])).toBeUndefined();
});

test("a question on the last visible test of a family problem is the beginning of its prompt", () => {
  const rng = Rng.of("test output");
  for (let i = 0; i < 100; i++) {
    const drawn = generateProblem(rng, { split: "train", subset: "full" });
    const question = renderTestOutput(drawn, drawn.tests[1]);
    expect(drawn.prompt).toBe(`${question?.prompt}${question?.answer}\n`);
  }
});
