// CRUXEval's graders against what is known of the set: every output is right by value and by text, every input that is
// a literal gives it. Every twentieth task always; all 800 where CODERLPLUS_WHOLE_SETS is set (about 10 CPU seconds).
// Answers of CodeLlama 7B with the marks that CRUXEval's own grader gave them, where CODERLPLUS_DATA_SETS names a folder
// with cruxeval/labelled.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { parseJson, stringifyJson } from "../../core/json.js";
import { readLines } from "../../core/jsonl.js";
import { pythonLiteral } from "../../problems/python-literal.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { claimedValue } from "./assertion.js";
import type { Mark, Task } from "./benchmark.js";
import { benchmarkNamed } from "./catalogue.js";
import type { CruxevalRow } from "./cruxeval.js";
import { officialInputMark, strictInputMark } from "./cruxeval-input.js";
import { officialOutputMark, strictOutputMark } from "./cruxeval-output.js";
import { literalOf } from "./literal.js";
import { taskPath } from "./task-location.js";

const PATH = taskPath(benchmarkNamed("cruxeval-output"));
const whole = process.env["CODERLPLUS_WHOLE_SETS"] !== undefined;
/** Those inputs of the set that are expressions. */
const EXPRESSIONS = [152, 239, 258, 344, 364, 522, 720, 770].map((number) => `sample_${number}`);

let sandbox: Sandbox;
let rows: readonly CruxevalRow[];
beforeAll(async () => {
  sandbox = await openSandbox();
  rows = readLines(PATH).map(({ value }) => value as unknown as CruxevalRow);
});
afterAll(() => sandbox.close());

function fair<Item>(items: readonly Item[]): Item[] {
  return items.filter((_, at) => whole || at % 20 === 7);
}

async function marksOf(tasks: readonly Task[], completion: (task: Task) => string): Promise<Array<[string, string]>> {
  const grades = tasks.map((task) => task.grade(completion(task), "upstream", sandbox));
  return (await Promise.all(grades)).map(({ official, strict }) => [official.kind, strict.kind]);
}

test("every output of the set is right in both ways, and what its function returns, to the character", async () => {
  const tasks = await benchmarkNamed("cruxeval-output").load(PATH);
  expect(tasks).toHaveLength(800);
  const marks = await marksOf(fair(tasks), (task) => task.solution?.("upstream") ?? "");
  expect(marks).toEqual(marks.map(() => ["right", "right"]));
  const returned = fair(rows).map(async ({ code, input }) => {
    const call = { expression: `f(${input})` };
    const request = { op: "run", name: "program", source: code, preamble: "", call };
    const limits = { timeMs: 3000, memoryBytes: 2 ** 28, outputBytes: 2 ** 20 };
    const { reply } = await sandbox.lease((room) => room.run({ request, stdin: "", limits }));
    return pythonLiteral(reply?.["returned"] ?? null);
  });
  const texts = await Promise.all(returned);
  // Two outputs are bytes, which are written here with an escape for each.
  const differing = fair(rows).filter(({ output }, at) => texts[at] !== output && !output.startsWith("b'"));
  expect(differing.map(({ id, output }) => `${id} ${output}`)).toEqual([]);
});

test("every literal input of the set is right in both ways; inputs that are expressions have no solution", async () => {
  const tasks = await benchmarkNamed("cruxeval-input").load(PATH);
  expect(tasks.filter(({ solution }) => !solution).map(({ id }) => id)).toEqual(EXPRESSIONS);
  const marks = await marksOf(
    fair(tasks).filter(({ solution }) => solution),
    (task) => task.solution?.("upstream") ?? "",
  );
  expect(marks).toEqual(marks.map(() => ["right", "right"]));
});

const FIVE: CruxevalRow = { id: "five", code: "def f(n):\n    return n + 1\n", input: "4", output: "5" };

test.each([
  ["5", "right", "right"],
  ["0x5", "right", "right"],
  ["6", "wrong", "wrong"],
  ["5.0", "right", "wrong"],
  ["5 or 1", "right", "wrong"],
  ["6 or 1", "right", "wrong"],
  ["2 + 3", "right", "wrong"],
  ["f(3 + 1)", "right", "wrong"],
  ["type('A', (), {'__eq__': lambda *_: True})()", "right", "wrong"],
  ["5\nexit(0)", "wrong", "right"],
  ["__import__('os')._exit(0)", "wrong", "wrong"],
  ["__import__('sys').exit(0)", "wrong", "wrong"],
  ["", "wrong", "wrong"],
])("the output %j is officially %s and strictly %s", async (answer, official, strict) => {
  expect((await officialOutputMark(FIVE, answer, sandbox)).mark.kind).toBe(official);
  expect(strictOutputMark(FIVE.output, claimedValue(answer, "f")).kind).toBe(strict);
});

test.each([
  ["f(4)", "right", "right"],
  ["f(n=4)", "right", "right"],
  ["f(4.0)", "right", "right"],
  ["f(5)", "wrong", "wrong"],
  ["f(1 + 3)", "right", "wrong"],
  ["f(5) or 5", "right", "wrong"],
  ["f(6) and False or 5", "right", "wrong"],
  ["5 if f(1) else 5", "right", "wrong"],
  ["type('A', (), {'__eq__': lambda *_: True, 'f': lambda: 1})().f() or f(4)", "wrong", "wrong"],
  ["f(type('A', (), {'__add__': lambda *_: 5})())", "right", "wrong"],
  ["f(exit(0))", "wrong", "wrong"],
  ["f('a')", "wrong", "wrong"],
])("the input %j is officially %s and strictly %s", async (answer, official, strict) => {
  expect((await officialInputMark(FIVE, answer, sandbox)).mark.kind).toBe(official);
  expect((await strictInputMark(FIVE, answer, sandbox)).mark.kind).toBe(strict);
});

test("what the published grader leaves out of its count is marked so", async () => {
  expect((await officialOutputMark(FIVE, "f(4)", sandbox)).mark).toMatchObject({ kind: "wrong", dropped: true });
  expect((await officialInputMark(FIVE, "4", sandbox)).mark).toMatchObject({ kind: "wrong", dropped: true });
});

interface Labelled {
  readonly raw_generations: Readonly<Record<string, readonly string[]>>;
  readonly raw_scored_generations: Readonly<Record<string, readonly boolean[]>>;
}

const folder = join(process.env["CODERLPLUS_DATA_SETS"] ?? "", "cruxeval/labelled");
test("what a deep or a long answer holds is quoted, so that its record can be read again", () => {
  for (const answer of [`${"{1:".repeat(190)}1${"}".repeat(190)}`, `[${"1,".repeat(5000)}]`]) {
    const mark = strictOutputMark("5", literalOf(answer));
    const text = stringifyJson(mark);
    expect(text.length).toBeLessThan(3000);
    expect(parseJson(text)).toEqual(mark);
    expect(mark).toMatchObject({ reason: "wrong-answer", expected: 5 });
  }
});

/** As the published grader scores a task: what is dropped does not count where an answer is right. */
function officialScores(marks: readonly Mark[]): boolean[] {
  if (!marks.some(({ kind }) => kind === "right")) return marks.map(() => false);
  return marks.filter((mark) => !("dropped" in mark)).map(({ kind }) => kind === "right");
}

describe("labelled outputs", () => {
  const path = join(folder, "sample_scored_codellama-7b_temp0.2_output.json");
  const missing = process.env["CODERLPLUS_DATA_SETS"] === undefined || !existsSync(path);
  it.skipIf(missing)(
    missing ? "SKIPPED: not in the folder that CODERLPLUS_DATA_SETS names" : "get the published marks, all 8,000",
    { timeout: 1_200_000 },
    async () => {
      const { raw_generations: answers, raw_scored_generations: labels } = JSON.parse(
        readFileSync(path, "utf8"),
      ) as Labelled;
      const graded = rows.map(async (row) => {
        const marks = await Promise.all(answers[row.id].map((answer) => officialOutputMark(row, answer, sandbox)));
        expect(officialScores(marks.map(({ mark }) => mark)), row.id).toEqual(labels[row.id]);
        // None of these answers is right in a form that only one way of grading takes.
        const strict = answers[row.id].map((answer) => strictOutputMark(row.output, claimedValue(answer, "f")));
        expect(
          strict.map(({ kind }) => kind === "right"),
          row.id,
        ).toEqual(labels[row.id]);
        return marks.length;
      });
      expect((await Promise.all(graded)).reduce((sum, count) => sum + count, 0)).toBe(8000);
    },
  );
});
