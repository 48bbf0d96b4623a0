// Vectors of the published extractors: what CodeRL+'s `extract_answer`, LiveCodeBench's `extract_execution_code` and
// `extract_test_output_code` and CRUXEval's `postprocess_generation` were seen to return for these texts.

import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  cruxevalInput,
  cruxevalOutput,
  officialReasoningAnswer,
  testOutputAnswer,
  upstreamReasoningAnswer,
} from "./published-answers.js";

test.each([
  ["so \\boxed{[1, 2]} done", "[1, 2]"],
  ["\\boxed{{1: 2}}", "{1: 2"],
  ["\\boxed{\\text{abc}}", "\\text{abc"],
  ["first \\boxed{1} then \\boxed{2}", "1"],
  ["x\\boxed{}y", ""],
  ["The output is `5`.", "5`"],
  ["Steps\nThe final answer is:  [1]\nbye", "[1]"],
  ["output: 'x'", "x"],
  ["Therefore, the result is 3.", "3"],
  ['THE OUTPUT IS "q".', 'q"'],
  ["Result = 5\nplain", "= 5"],
  ["the answer is   \nI think", ""],
  ["ok\noutput \n\\boxed{never closed", ""],
  ["It ends.\nlist [3, [4]] here\n", "[3, [4]"],
  ["a 1\nb 2.5x then -3 and a-4", "-4"],
  ["Let me see\nnothing\nStep one", "nothing"],
  ["answer", "answer"],
  ["   ", ""],
])("CodeRL+ reads the answer of %j as %j", (completion, answer) => {
  expect(officialReasoningAnswer(completion)).toBe(answer);
});

test("LiveCodeBench and CRUXEval read between the first two `==`", () => {
  expect(upstreamReasoningAnswer("assert f(a = 1) == [2]\n[/ANSWER]\n[PYTHON]")).toBe("[2]");
  expect(upstreamReasoningAnswer(" 5\nthat is it")).toBe("5");
  expect(upstreamReasoningAnswer('assert f("a==b") == 1')).toBe('b")');
  expect(cruxevalOutput("assert f(1) == 'a==b'\n")).toBe("'a");
  expect(cruxevalOutput(" 'x' ")).toBe("'x'");
  expect(cruxevalInput("[ANSWER]\nassert f([1], 2) == 3")).toBe("f([1], 2)");
  expect(cruxevalInput("f(1)")).toBe("f(1)");
});

test("the grader of test outputs reads one line that begins with assert, else the first fence", () => {
  expect(testOutputAnswer("```python\nassert f(1) == [\n 2]\n```")).toBe("assert f(1) == [");
  expect(testOutputAnswer("assert f(1) == 2\n assert f(1) == 3\nassert f(1) == 4 # so")).toBe("assert f(1) == 4 # so");
  expect(testOutputAnswer("```\nno\n```\n```python\n5\n6\n```")).toBe("5\n6");
  expect(testOutputAnswer("```\n5\n```")).toBe("5");
  expect(testOutputAnswer("it is 5")).toBe("");
});

test("any text is read without an exception, and a long one in one pass", () => {
  const readers = [officialReasoningAnswer, upstreamReasoningAnswer, cruxevalInput, cruxevalOutput, testOutputAnswer];
  const parts = ["\\boxed{", "}", "the answer is", " ", "output", "\n", "```", "assert", "==", "[", "1", "-", ".", "x"];
  fc.assert(fc.property(fc.string(), (text) => readers.forEach((read) => void read(text))));
  for (const part of parts) for (const read of readers) expect(typeof read(part.repeat(50_000)), part).toBe("string");
});
