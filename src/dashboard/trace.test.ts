// A rollout's program traced again: which program, on which input, and that whatever it does is data.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringifyJson } from "../core/json.js";
import { openSandbox, type Sandbox } from "../sandbox/sandbox.js";
import { type TraceDetail, type TraceInput, traceDetail } from "./api/rollouts.js";
import { traceRollout } from "./trace.js";

let sandbox: Sandbox;
let run: string;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
  run = mkdtempSync(join(tmpdir(), "coderlplus-trace-"));
  writeRun(run);
});
afterAll(async () => {
  await sandbox.close();
  rmSync(run, { recursive: true, force: true });
});

const PROGRAM = "def f(xs):\n    t = 0.0\n    for x in xs:\n        t += x\n    xs.append(t)\n    return t";
const call = (values: unknown[], expected: unknown) => ({ kind: "call", function: "f", arguments: values, expected });
const wrong = { kind: "wrong-answer", expected: 3, got: 2, cpuMs: 1 };
const programs: Readonly<Record<number, string>> = {
  2: "while True:\n    pass",
  9: "open('x', 'w')",
  3: "import os\nprint(os.environ)\nopen('/etc/passwd').read()",
  4: "x = [0] * 10**9",
  5: "def (",
  6: "n = int(input())\nprint('é', n)\nprint(n * 2)",
};

function writeRun(folder: string): void {
  const problem = {
    id: "p/0",
    language: "python",
    prompt: "sum",
    tests: [
      call([[1, 2]], 3),
      call([[5]], 6),
      { kind: "stdio", stdin: "4\n", stdout: "8\n" },
      { kind: "assert", code: "assert f([]) == 0" },
    ],
  };
  writeFileSync(join(folder, "problems.jsonl"), `${stringifyJson(problem)}\n`);
  writeFileSync(join(folder, "config.yaml"), `data:\n  train: ${join(folder, "problems.jsonl")}\n`);
  mkdirSync(join(folder, "rollouts"));
  const record = (sample: number, fields: object) => ({
    step: 1,
    task: "code",
    problem: "p/0",
    group: 0,
    sample,
    prompt: "",
    completion: "",
    stopReason: "stop",
    reward: 0,
    rewardParts: {},
    advantage: 0,
    tokens: 1,
    program: programs[sample] ?? PROGRAM,
    ...fields,
  });
  const alignment = {
    program: PROGRAM,
    input: { kind: "call", function: "f", arguments: [[1, 1]] },
    truth: { variables: {} },
    predicted: null,
  };
  const records = [
    record(0, { tests: [{ kind: "passed" }, wrong] }),
    record(1, { task: "alignment", alignment, program: undefined }),
    ...Object.keys(programs).map((sample) => record(Number(sample), {})),
    record(7, { program: undefined }),
    record(8, { problem: "gone" }),
  ];
  const lines = ["{not json", '{"task": 1}', ...records.map(stringifyJson)];
  writeFileSync(join(folder, "rollouts", "step-000001.jsonl"), lines.join("\n"));
}

const traced = async (sample: number, input: TraceInput = { kind: "own" }, at = { step: 1, group: 0 }) => {
  const detail = await traceRollout(sandbox, run, { run: "r", ...at, sample, input });
  return traceDetail.parse(JSON.parse(JSON.stringify(detail)));
};
/** `4 t=1.0` */
const course = ({ moments, names }: TraceDetail): string[] =>
  (moments ?? []).map(({ line, changes }) =>
    [line, ...changes.map(([name, text]) => `${names[name]?.replace("f.", "")}=${text}`)].join(" "),
  );

describe("the input", () => {
  it("is by default that of the first test that the program fails", async () => {
    const detail = await traced(0);
    expect(detail).toMatchObject({ input: "f([5])", inputKind: "call", expected: "6", status: "ok", returned: "5.0" });
    expect(course(detail)).toEqual(["1", "1 xs=[5]", "2 t=0.0", "3 x=5", "4 t=5.0", "3", "5 xs=[5, 5.0]", "6 f()=5.0"]);
    expect(detail.variables).toContainEqual({ name: "f.t", type: "float", text: "5.0", note: "" });
  });

  it("is that of the question for an alignment rollout", async () => {
    expect(await traced(1)).toMatchObject({ program: PROGRAM, input: "f([1, 1])", expected: null, returned: "2.0" });
  });

  it("is any test of the problem, or what the reader writes", async () => {
    expect(await traced(0, { kind: "test", test: 0 })).toMatchObject({ input: "f([1, 2])", expected: "3" });
    expect(await traced(6, { kind: "test", test: 2 })).toMatchObject({
      input: "4\n",
      stdout: "é 4\n8\n",
      expected: "8\n",
    });
    const written = await traced(6, { kind: "stdin", stdin: "7" });
    expect(written).toMatchObject({ input: "7", inputKind: "stdio", stdout: "é 7\n14\n", expected: null });
    expect(written.moments?.map(({ printed }) => written.stdout.slice(0, printed))).toEqual(["", "", "é 7\n"]);
    const asked = await traced(0, { kind: "expression", expression: "f([0.5]) + 1", stdin: "" });
    expect(asked).toMatchObject({ input: "f([0.5]) + 1", returned: "1.5" });
  });

  it("is nothing where the run's data is not at hand", async () => {
    expect(await traced(8)).toMatchObject({ input: "", inputKind: "stdio", status: "ok" });
  });
});

it.each<[string, number, string, RegExp]>([
  ["never ends", 2, "timed-out", /time/],
  ["reads what is not its own", 3, "error:FileNotFoundError", /passwd/],
  ["writes a file", 9, "denied", /Permission denied/],
  ["takes all memory", 4, "out-of-memory", /^/],
  ["does not parse", 5, "unparsable", /SyntaxError/],
])("a program that %s is data", async (_, sample, status, message) => {
  const detail = await traced(sample);
  expect(detail.status).toBe(status);
  expect(detail.message).toMatch(message);
  expect(detail.stdout).not.toContain(process.env["PATH"]);
  if (status === "timed-out") expect([detail.cut, (detail.moments?.length ?? 0) > 1000]).toEqual([true, true]);
});

it.each<[string, number, TraceInput, { step: number; group: number }, RegExp]>([
  ["a rollout that is not there", 99, { kind: "own" }, { step: 1, group: 0 }, /no rollout 99 in group 0 of step 1/],
  ["a step that is not there", 0, { kind: "own" }, { step: 2, group: 0 }, /no rollout 0 in group 0 of step 2/],
  ["a completion without a program", 7, { kind: "own" }, { step: 1, group: 0 }, /holds no program/],
  ["a test that is not there", 0, { kind: "test", test: 9 }, { step: 1, group: 0 }, /has 4 tests; there is no test 10/],
  ["a test that is code", 0, { kind: "test", test: 3 }, { step: 1, group: 0 }, /code of its own/],
  ["a test of a problem that is gone", 8, { kind: "test", test: 0 }, { step: 1, group: 0 }, /not at hand/],
  [
    "a call that is none",
    0,
    { kind: "expression", expression: "f(", stdin: "" },
    { step: 1, group: 0 },
    /no Python expression/,
  ],
])("%s is one clear message", async (_, sample, input, at, message) => {
  await expect(traced(sample, input, at)).rejects.toThrow(message);
});
