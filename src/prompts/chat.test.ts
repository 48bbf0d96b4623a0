import { describe, expect, it } from "vitest";
import { parseJson } from "../core/json.js";
import { problemSchema } from "../problems/problem.js";
import { chat } from "./chat.js";

const dialect = chat(([message]) => `<user>${message?.content}</user>`);

describe("the chat dialect", () => {
  const problem = problemSchema.parse({
    id: "p",
    language: "python",
    prompt: "Add them up.",
    tests: [{ kind: "call", function: "f", arguments: [[1, 2]], expected: 3 }],
  });

  it("asks for a fenced program and takes it out of the answer", () => {
    expect(dialect.code(problem)).toMatch(/^<user>Add them up\.[\s\S]*```python/);
    expect(dialect.program(problem, "Sure:\n```python\ndef f(x):\n    return sum(x)\n```\nDone.")).toBe(
      "def f(x):\n    return sum(x)\n",
    );
  });

  it("shows an example answer that is itself a valid answer", () => {
    const prompt = dialect.alignment("x = 1", { kind: "stdio", stdin: "" }, { x: 1 }, true);
    const example = prompt.replace("</user>", "");
    expect(parseJson(example.split("\n").at(-1) ?? "")).toMatchObject({ output: "6\n", variables: { total: 6 } });
  });

  it("states the notation of every value that JSON has no form for", () => {
    const asked = { a: { $tuple: [1] }, b: { $set: [1] }, c: 1 };
    const prompt = dialect.alignment("x = 1", { kind: "call", function: "f", arguments: [1] }, asked, false);
    expect(prompt).toContain("`a` (write it as a JSON array)");
    expect(prompt).toContain('`b` (a set: write {"$set": [...]})');
    expect(prompt).toMatch(/- `c`\n/);
    expect(prompt).toContain("`f(1)`");
  });

  it("asks for one test's output and reads the last line", () => {
    expect(dialect.testOutput(problem, problem.tests[0])).toContain("`f([1, 2])`");
    expect(dialect.testOutputAnswer("First 1, then 2.\n3\n")).toBe("3");
  });
});
