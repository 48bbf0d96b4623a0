import { array, assert, constantFrom, oneof, property, string } from "fast-check";
import { expect, test } from "vitest";
import { extractProgram } from "./extract.js";

test("the last block fenced as Python wins, in any case and under any of its names", () => {
  expect(extractProgram("```python\na\n```\ntext\n```PY\nb\n```\n```js\nc\n```")).toBe("b\n");
  expect(extractProgram("```Python3\na = 1\n```")).toBe("a = 1\n");
});

test("without a Python block the last fenced block is the program", () => {
  expect(extractProgram("```\na\n```\n```text\nb\n```\n")).toBe("b\n");
});

test("an unclosed last fence runs to the end", () => {
  expect(extractProgram("so:\n```python\ndef f():\n    return 1")).toBe("def f():\n    return 1");
});

test("a text without a fence is the program", () => {
  expect(extractProgram("print(1)\n")).toBe("print(1)\n");
});

test("a closed block before an unclosed one of another language still wins", () => {
  expect(extractProgram("```python\nx = 1\n```\n```\noutput")).toBe("x = 1\n");
});

test("nothing but white space is no program", () => {
  expect(extractProgram(" \n")).toBeNull();
  expect(extractProgram("```python\n\n```")).toBeNull();
});

test("back quotes inside a line open nothing", () => {
  expect(extractProgram("x = '```'\nprint(x)")).toBe("x = '```'\nprint(x)");
});

test.each([
  ["text ```python\nprint(1)\n```", "print(1)\n"],
  ["```python\nx = 1```", "x = 1\n"],
  ["```python\nx = 1\n```The end", "x = 1\n"],
  ["```python\nx = 1\n``` The end.\nMore text", "x = 1\n"],
  ["```python\ns = '```'\n```", "s = '```'\n"],
  ["```python\n# use ```x```\ny\n```", "# use ```x```\ny\n"],
  ["````python\n```\n````", "```\n"],
  ["- item\n  ```python\n  print(1)\n  ```", "  print(1)\n"],
  ["~~~python\nq\n~~~", "q\n"],
  ["```python title=x\nq\n```", "q\n"],
  ["use `python`\nx", "use `python`\nx"],
])("%j holds %j", (text, program) => {
  expect(extractProgram(text)).toBe(program);
});

test.each(["~", "`", "```python ", "~~~ x\n", "```\n", " ", "``` `\n", "x```python\n"])(
  "a megabyte of %j takes no time",
  (piece) => {
    const before = process.cpuUsage();
    extractProgram(piece.repeat((1 << 20) / piece.length));
    extractProgram(`${piece.repeat((1 << 20) / piece.length)}\``);
    extractProgram(`\`\`\`python\n${piece.repeat((1 << 20) / piece.length)}`);
    expect(process.cpuUsage(before).user / 1000).toBeLessThan(3000);
  },
);

test("no text makes it throw", () => {
  const piece = constantFrom("```", "```python\n", "~~~", "\n", "\r\n", "`", "def f(): pass", "\u0000", "\uD800");
  assert(
    property(array(oneof(piece, string())), (pieces) => {
      const program = extractProgram(pieces.join(""));
      expect(program === null || program.trim() !== "").toBe(true);
    }),
  );
});

test("for a JavaScript problem its own fences win, under any of their names", () => {
  const text = "```JS\na\n```\n```python\nb\n```\n";
  expect(extractProgram(text, "javascript")).toBe("a\n");
  expect(extractProgram("so:```javascript\nf()\n```", "javascript")).toBe("f()\n");
  expect(extractProgram("```node\nf()", "javascript")).toBe("f()");
  expect(extractProgram(text)).toBe("b\n");
});
