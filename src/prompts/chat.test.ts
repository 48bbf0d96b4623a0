import { describe, expect, it } from "vitest";
import { type Json, parseJson } from "../core/json.js";
import { problemSchema } from "../problems/problem.js";
import { chat } from "./chat.js";
import { questionKinds } from "./question.js";

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

  it.each(questionKinds)("asks %s with an example answer that is itself of the right form", (kind) => {
    const program = "def f(x):\n    return x";
    const variables = { finalValues: { "f.x": 1 }, stepValues: { "f.x@1": 1 }, nextLine: { "line 2#1": null } };
    const asked: Record<string, object> = { ...variables, coverage: { "line 2": true } };
    const input = { kind: "call", function: "f", arguments: [{ $tuple: [1] }] } as const;
    const prompt = dialect.question({
      kind,
      program,
      input,
      variables: (asked[kind] ?? {}) as Record<string, Json>,
      output: kind === "output" || kind === "input" ? 1 : undefined,
      language: "python",
    });
    for (const key of Object.keys(asked[kind] ?? {})) expect(prompt).toContain(`- \`${key}\``);
    expect(prompt.includes("2|     return x")).toBe(kind === "nextLine" || kind === "coverage");
    expect(prompt.includes("`f(...)` returned `1`")).toBe(kind === "input");
    expect(prompt.includes("f((1,))")).toBe(kind !== "input");
    const example = prompt.replace("</user>", "").split("\n").at(-1) ?? "";
    expect(Object.keys(parseJson(example) as object)[0]).toBe(kind === "input" ? "input" : "variables");
  });

  it("asks for one test's output and reads the last line", () => {
    expect(dialect.testOutput(problem, problem.tests[0])).toContain("`f([1, 2])`");
    expect(dialect.testOutputAnswer("First 1, then 2.\n3\n")).toBe("3");
  });
});
