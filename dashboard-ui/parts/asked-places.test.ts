import { expect, it } from "vitest";
import { lineOf, variableOf, variablePlaces } from "./asked-places.js";
import type { Language } from "./highlight.js";

/** The text with the places of a variable in brackets. */
function bracketed(text: string, language: Language, key: string): string {
  let [marked, end] = ["", 0];
  for (const { from, to } of variablePlaces(text, language).get(key) ?? []) {
    marked += `${text.slice(end, from)}[${text.slice(from, to)}]`;
    end = to;
  }
  return marked + text.slice(end);
}

it.each<[string, Language, string, string, string]>([
  [
    "a variable of a function",
    "python",
    "f.t",
    "def f(x):\n  t = x\n  return t\nt = f(1)",
    "def f(x):\n  [t] = x\n  return [t]\nt = f(1)",
  ],
  ["a parameter", "python", "f.x", "def f(x):\n  return x\nx = 1", "def f([x]):\n  return [x]\nx = 1"],
  [
    "a variable of the module",
    "python",
    "t",
    "t = 1\ndef f(t):\n  t += 1\nprint(t)",
    "[t] = 1\ndef f(t):\n  t += 1\nprint([t])",
  ],
  [
    "methods have their class in the path",
    "python",
    "A.m.s",
    "class A:\n  def m(self):\n    s = self.s\n    return s",
    "class A:\n  def m(self):\n    [s] = self.s\n    return [s]",
  ],
  [
    "functions in functions",
    "python",
    "f.g.n",
    "def f(n):\n  def g():\n    n = 1\n  return n",
    "def f(n):\n  def g():\n    [n] = 1\n  return n",
  ],
  ["not a keyword argument or an attribute", "python", "t", "t = f(t=1).t + t", "[t] = f(t=1).t + [t]"],
  [
    "a function of JavaScript",
    "javascript",
    "f.t",
    "function f(x) { let t = x; return t } let t = 1",
    "function f(x) { let [t] = x; return [t] } let t = 1",
  ],
  [
    "an arrow that a variable holds",
    "javascript",
    "f.t",
    "const f = (t) => t + 1, g = (t) => t",
    "const f = ([t]) => [t] + 1, g = (t) => t",
  ],
  [
    "a method of JavaScript",
    "javascript",
    "A.m.s",
    "class A { m(s) { return s } }",
    "class A { m([s]) { return [s] } }",
  ],
  ["a text that does not parse", "python", "t", "t = (\nt = = 2", "[t] = (\n[t] = = 2"],
])("%s", (_, language, key, text, expected) => {
  expect(bracketed(text, language, key)).toBe(expected);
});

it("an asked key names its variable or its line", () => {
  expect([variableOf("f.x@12"), variableOf("f.x")]).toEqual(["f.x", "f.x"]);
  expect(["line 4#1", "line 12", "line", "f.line 4"].map(lineOf)).toEqual([4, 12, null, null]);
});
