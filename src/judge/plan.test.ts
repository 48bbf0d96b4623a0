// Test code that cannot run, told from programs that fail it.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judge } from "./judge.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

describe("test code that cannot run is the problem's fault, and named, never the program's", () => {
  const check = (code: string) => ({ kind: "check", code, entryPoint: "f" });
  const holds = (code: string) => ({ kind: "assert", code });

  test.each([
    ["python", holds("assert f(1) =="), "def f(x): return x", "SyntaxError"],
    ["python", check("def check(c: pass"), "def f(x): return x", "SyntaxError"],
    ["python", check("def chk(candidate): pass"), "def f(x): return x", "defines no function check"],
    ["javascript", holds("assert(f("), "exports.f = (x) => x", "does not parse"],
    ["javascript", check("function chk(candidate) {}"), "exports.f = (x) => x", "defines no function check"],
  ])("%s: %j", async (language, broken, program, why) => {
    const call = { kind: "call", function: "f", arguments: [1], expected: 1 };
    const problem = problemSchema.parse({ id: "p", language, prompt: "", tests: [call, broken] });
    const { verdict } = await judge(sandbox, problem, program);
    expect(verdict).toMatchObject({
      kind: "infrastructure",
      message: expect.stringContaining(`tests[1].code: ${why}`),
    });
  });
});
