import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { stringifyJson } from "../core/json.js";
import { readProblems } from "./problem.js";

const read = (...lines: string[]): ReturnType<typeof readProblems> => {
  const path = join(mkdtempSync(join(tmpdir(), "coderlplus-problems-")), "p.jsonl");
  writeFileSync(path, lines.join("\n"));
  return readProblems(path);
};
const problem = (test: string, id = "a"): string =>
  `{"id": "${id}", "language": "python", "prompt": "", "tests": [${test}]}`;

describe("problems", () => {
  it("have unique ids; the error names both lines", () => {
    const test = '{"kind": "assert", "code": ""}';
    expect(() => read(problem(test), "", problem(test, "b"), problem(test))).toThrow(
      /p\.jsonl:4: id: "a" is the id of line 1 too/,
    );
  });
});
