// The definition of final values, held against another way to find them, and against untraced runs.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Json, parseJson, stringifyJson } from "../core/json.js";
import { defaultLimits } from "../problems/problem.js";
import type { Execution } from "../sandbox/job.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { randomProgram } from "./random-program.js";
import type { Trace } from "./trace.js";
import { trace } from "./tracer.js";

const ORACLE = readFileSync(new URL("./fixtures/oracle.py", import.meta.url), "utf8");
const RUNS = Number(process.env["TRACE_RUNS"] ?? 300);
const seed = Number(process.env["TRACE_SEED"] ?? 1);

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

const limits = { ...defaultLimits, timeMs: 500 };
const untraced = (source: string, stdin = ""): Promise<Execution> =>
  sandbox.lease((room) => room.run({ request: { op: "run", name: "__main__", source, preamble: "" }, stdin, limits }));
const traced = (source: string): Promise<Trace> =>
  trace(sandbox, source, { kind: "stdio", stdin: "" }, { determinismCheck: false, limits });
const sorted = (values: Readonly<Record<string, Json>>): string =>
  stringifyJson(Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))));
const programs = fc.array(fc.nat(999), { minLength: 20, maxLength: 120 }).map(randomProgram);

function statusOf({ ending }: Execution): string {
  if (ending.kind === "finished") return "ok";
  if (ending.kind === "exited") return "exit";
  return ending.kind === "raised" ? `error:${ending.error.type}` : ending.kind;
}

test(`${RUNS} random programs: what is traced is what the instrumented text says, and nothing else changes`, async () => {
  await fc.assert(
    fc.asyncProperty(programs, async (source) => {
      const plain = await untraced(source);
      const result = await traced(source);
      expect({ status: result.status, stdout: result.stdout }).toEqual({
        status: statusOf(plain),
        stdout: plain.stdout,
      });
      if (result.status === "unparsable") return;
      const oracle = parseJson((await untraced(ORACLE, source)).stdout) as unknown as {
        ending: string;
        values: Readonly<Record<string, Json>>;
        ambiguous: readonly string[];
        recursive: readonly string[];
      };
      expect(sorted(result.variables)).toBe(sorted(oracle.values));
      expect(result.ambiguous).toEqual(oracle.ambiguous);
      expect(result.recursive).toEqual(oracle.recursive);
    }),
    { numRuns: RUNS, seed, endOnFailure: true },
  );
}, 600_000);
