import { afterAll, beforeAll, expect, test } from "vitest";
import { CancelledError } from "../core/errors.js";
import { problemSchema } from "../problems/problem.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { judgeInOrder } from "./in-order.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const problem = problemSchema.parse({
  id: "p",
  language: "python",
  prompt: "",
  tests: [{ kind: "stdio", stdin: "", stdout: "1\n" }],
});

test("judgements come in the order of the candidates", async () => {
  const programs = ["print(1)", null, "print(2)", "for i in range(10**5): pass\nprint(1)"];
  const kinds: string[] = [];
  const candidates = programs.map((program) => ({ problem, program }));
  for await (const { candidate, judgement } of judgeInOrder(sandbox, candidates, { ahead: 3 })) {
    kinds.push(`${programs.indexOf(candidate.program)} ${judgement.verdict.kind}`);
  }
  expect(kinds).toEqual(["0 passed", "1 unparsable", "2 failed", "3 passed"]);
});

test("called off, all that is under way ends in one error: none is left unhandled", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown): number => unhandled.push(error);
  process.on("unhandledRejection", note);
  const controller = new AbortController();
  const candidates = Array.from({ length: 5 }, () => ({ problem, program: "while True: pass" }));
  const all = judgeInOrder(sandbox, candidates, { ahead: 4, signal: controller.signal });
  const first = all.next();
  setTimeout(() => controller.abort(), 50);
  await expect(first).rejects.toThrow(CancelledError);
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});
