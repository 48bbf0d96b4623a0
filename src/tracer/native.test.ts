// With the machine's own Python chosen for programs, traces stay WebAssembly's (docs/decisions/0004): the same records.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ProgramInput } from "../problems/problem.js";
import { probe } from "../sandbox/native/probe.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { trace } from "./tracer.js";

const proof = await probe();
if (proof.why !== null) process.stderr.write(`skipped, no native engine here: ${proof.why}\n`);

let native: Sandbox;
let wasm: Sandbox;
beforeAll(async () => {
  if (proof.why !== null) return;
  native = await openSandbox({ workers: 1, engine: "native" });
  wasm = await openSandbox({ workers: 1 });
});
afterAll(() => Promise.all([wasm?.close(), native?.close()]));

const CALL: ProgramInput = { kind: "call", function: "f", arguments: [[1, 2, 3]] };

describe.skipIf(proof.why !== null)("beside the native engine", () => {
  test.each<[string, string, ProgramInput]>([
    ["a call", "def f(x):\n    t = 0\n    for v in x:\n        t += v\n    return t", CALL],
    ["a long program", "for i in range(6000):\n    a = i\nb = hash('x')", { kind: "stdio", stdin: "" }],
  ])("the history of %s is the same", async (_, program, input) => {
    const of = (sandbox: Sandbox): Promise<object> =>
      trace(sandbox, program, input, { history: ["steps", "lines", "coverage"] });
    const expected = { ...(await of(wasm)), cpuMs: expect.any(Number) };
    expect(await of(native)).toEqual(expected);
    expect(expected).toMatchObject({ engine: expect.stringMatching(/^wasm\//), history: expect.any(Object) });
  });
});
