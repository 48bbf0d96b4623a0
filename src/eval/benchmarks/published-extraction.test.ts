// What published extractions make of completions: seen from the published code, its mistakes included.

import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { describe, expect, test } from "vitest";
import { deepSeekProgram, lastFencedLines, leetCodeProgram, longestBlock, matchCode } from "./published-extraction.js";

describe("CodeRL+'s match_code", () => {
  test.each([
    ["one block", "text\n```python\ndef f(): pass\n```\nmore", "\ndef f(): pass\n"],
    ["the last block with a def", "```python\ndef a(): 1\n```\n```python\nx = 1\n```", "\ndef a(): 1\n"],
    [
      "tests that define something hide the solution",
      "```python\ndef a(): 1\n```\n```python\ndef test(): 2\n```",
      "\ndef test(): 2\n",
    ],
    ["the last block where none has a def", "```python\na\n```\n```python\nb\n```", "\nb\n"],
    ["a fence inside a line", "so ```python x = 1``` then", " x = 1"],
    ["bare fences where none says python", "```\ndef a(): 1\n```\n```\nb\n```", "\ndef a(): 1\n"],
    ["another tag is the first line of the code", "```py\ndef f(): pass\n```", "py\ndef f(): pass\n"],
    ["upper case is another tag", "```Python\ndef f(): pass\n```", "Python\ndef f(): pass\n"],
    ["python3 leaves its digit behind", "```python3\ndef f(): pass\n```", "3\ndef f(): pass\n"],
    ["a fence that is never closed: what stands before it", "Sure.\n```python\ndef f(): pass", "Sure.\n"],
    ["a lone fence in front: nothing", "```python\ndef f(): pass", ""],
    ["a closed block, then one that is not", "```python\nx = 1\n```\n```python\ndef f(): pass", "\nx = 1\n"],
    ["no fence: the whole text", "def f(): pass", "def f(): pass"],
    ["an empty completion", "", ""],
  ])("%s", (_name, completion, program) => {
    expect(matchCode(completion)).toBe(program);
  });
});

test.each([
  ["between the last two lines with a fence", "```python\na\n```\ntext\n```python\nb\n```\n", "b"],
  ["with three fences the text between two blocks", "```python\na\n```\ntext\n```python\nb", "text"],
  ["one fence is none", "```python\nb", ""],
  ["a fence behind a word counts", "see ``` here\nx\nand ``` there", "x"],
])("LiveCodeBench's own: %s", (_name, completion, program) => {
  expect(lastFencedLines(completion)).toBe(program);
});

test.each([
  ["a class stays", "```python\nclass Solution:\n    x = 1\n```", "\nclass Solution:\n    x = 1\n"],
  [
    "a function is put into a class, without a self",
    "```python\ndef f(x):\n    return x\n```",
    "class Solution:\n    \n    \n    def f(x):\n        return x\n    \n    ",
  ],
  [
    "a class with its base named is put into another",
    "```python\nclass Solution(object):\n    x = 1\n```",
    "class Solution:\n    \n    \n    class Solution(object):\n        x = 1\n    \n    ",
  ],
])("LeetCode as CodeRL+ has it: %s", (_name, completion, program) => {
  expect(leetCodeProgram(completion)).toBe(program);
});

test.each([
  ["the first block", "```python\na\n```\n```python\nb\n```", "a"],
  ["its own tags", "[PYTHON]\na\n[/PYTHON]", "a"],
  ["without a block up to the first statement of a kind", "x = 1\nprint(x)", "x = 1"],
  ["the whole text where the block is not closed", "```python\na", "```python\na"],
])("DeepSeek-Coder's: %s", (_name, completion, program) => {
  expect(deepSeekProgram(completion)).toBe(program);
});

test.each([
  ["the longest block", "```\na\n```\n```python\nb\n\nc\n```\nd", "b\n\nc"],
  ["an open block goes on to the end", "text\n```python\nb\nc", "b\nc"],
  ["no block: all of it", "a\nb", "a\nb"],
])("EvalPlus's, in linear time: %s", (_name, completion, program) => {
  expect(longestBlock(completion)).toBe(program);
});

const EXTRACTIONS = [matchCode, lastFencedLines, leetCodeProgram, deepSeekProgram, longestBlock];

// One that grows with the square of the text would outlast any patience here.
test.each(["```python", "```", "`", "```python\n", "\n```", "[PYTHON]", "\ndef", "~", " ", "def "])(
  "a megabyte of %j comes to an end",
  (piece) => {
    const text = piece.repeat((1 << 20) / piece.length);
    for (const extract of EXTRACTIONS) expect(extract(text).length).toBeLessThan(8 << 20);
  },
);

test("no text makes any of them throw", () => {
  const piece = constantFrom(
    "```",
    "```python\n",
    "\n",
    "`",
    "def f(): pass",
    "class Solution:",
    "[PYTHON]",
    "\u0000",
    "\uD800",
  );
  assert(
    property(array(oneof(piece, string())), (pieces) => {
      for (const extract of EXTRACTIONS) expect(typeof extract(pieces.join(""))).toBe("string");
    }),
  );
});
