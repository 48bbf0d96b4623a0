import { expect, it } from "vitest";
import { cutAt, linesOf } from "./highlight.js";

const joined = (text: string, language: "python" | "javascript" | null): string =>
  linesOf(text, language)
    .map((line) => line.map((piece) => piece.text).join(""))
    .join("\n");

it.each([
  ["python", "def f(x):\n    # ü\n    return f'{x}' + 'a\\n'\n\n"],
  ["python", "def ((((\n  '''never closed\n\r\n\u202e"],
  ["javascript", "const f = (a) => `x${a}\n`;\n// c\n"],
  ["javascript", "}}}} /* never closed\n\n\ud800"],
  [null, "anything\n\nat all"],
  ["python", ""],
] as const)("%s: the pieces are the text, whole and in order: %j", (language, text) => {
  expect(joined(text, language)).toBe(text);
  for (const { text: piece, from } of linesOf(text, language).flat()) expect(text.startsWith(piece, from)).toBe(true);
});

it("keywords, strings, numbers, comments and definitions have their own look", () => {
  const looks = (text: string, language: "python" | "javascript"): Record<string, string> =>
    Object.fromEntries(
      linesOf(text, language)
        .flat()
        .map(({ text, look }) => [text, look]),
    );
  expect(looks("def f(x): return 'a' + g(None) # c", "python")).toMatchObject({
    def: "code-keyword",
    f: "code-definition",
    "'a'": "code-string",
    g: "code-call",
    None: "code-number",
    "# c": "code-comment",
  });
  expect(looks("function f() { return `a` + 1.5 } // c", "javascript")).toMatchObject({
    function: "code-keyword",
    f: "code-definition",
    "`a`": "code-string",
    "1.5": "code-number",
    "// c": "code-comment",
  });
});

it("a line is cut where ranges begin and end, and stays the same text", () => {
  const [line] = linesOf("value = value + 1", "python");
  const cut = cutAt(line, [2, 8, 8, 13, 99]);
  expect(cut.map(({ text }) => text).join("")).toBe("value = value + 1");
  expect(cut.map(({ from }) => from)).toEqual(expect.arrayContaining([0, 2, 8, 13]));
});

it("a text that would hold up the page is left plain", () => {
  const looks = linesOf("x = 1\n".repeat(20_000), "python").flatMap((line) => line.map(({ look }) => look));
  expect(looks).toHaveLength(20_000);
  expect(new Set(looks)).toEqual(new Set([""]));
});
