import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judge } from "../../judge/judge.js";
import type { Judgement } from "../../judge/verdict.js";
import { type Problem, problemSchema } from "../../problems/problem.js";
import type { SourceItem } from "../../problems/sources/source.js";
import { openSandbox, type Sandbox } from "../../sandbox/sandbox.js";
import { type Checked, type CheckOptions, checkDataSet, isKept } from "./check.js";
import { OverlapIndex, overlapDefaults } from "./overlap.js";
import { CheckTally } from "./tally.js";

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox({ workers: 1 });
});
afterAll(() => sandbox.close());

let next = 0;
function problem(fields: object): Problem {
  next++;
  return problemSchema.parse({ id: `p${next}`, language: "python", prompt: `Task ${next}.`, ...fields });
}

const call = (argument: unknown, expected: unknown, more: object = {}): object => ({
  kind: "call",
  function: "f",
  arguments: [argument],
  expected,
  ...more,
});
const doubling = [call(1, 2), call(2, 4)];

async function* itemsOf(problems: readonly Problem[]): AsyncGenerator<SourceItem> {
  for (const [at, each] of problems.entries()) {
    yield await Promise.resolve({
      kind: "problem",
      where: { file: "f.jsonl", unit: "line", number: at + 1 },
      problem: each,
    } as const);
  }
}

const still: CheckOptions = { run: null, repeats: 2, ahead: 4 };

async function checked(problems: readonly Problem[], options: Partial<CheckOptions> = {}): Promise<Checked[]> {
  const all: Checked[] = [];
  for await (const each of checkDataSet(itemsOf(problems), { ...still, ...options })) all.push(each);
  return all;
}

const running: Partial<CheckOptions> = { run: (each, program) => judge(sandbox, each, program) };
const kindsOf = (all: readonly Checked[]): string[][] => all.map(({ findings }) => findings.map(({ kind }) => kind));

describe("what running shows", () => {
  it("is nothing of a problem that is in order, in either language and every kind of test", async () => {
    const good = [
      problem({ tests: doubling, reference: "def f(x):\n    return 2 * x" }),
      problem({ tests: doubling, language: "javascript", reference: "function f(x) { return 2 * x; }" }),
      problem({
        tests: [{ kind: "call", function: "Solution.f", arguments: [3], expected: 9 }],
        reference: "class Solution:\n    def f(self, x):\n        return x * x",
      }),
      problem({ tests: [{ kind: "stdio", stdin: "2\n", stdout: "4\n" }], reference: "print(2 * int(input()))" }),
      problem({
        tests: [{ kind: "stdio", stdin: "2\n", stdout: "4\n" }],
        language: "javascript",
        reference: 'console.log(2 * Number(require("fs").readFileSync(0, "utf8")));',
      }),
      problem({ tests: [{ kind: "assert", code: "assert f(1) == 2" }], reference: "def f(x):\n    return 2 * x" }),
      problem({
        tests: [{ kind: "check", code: "def check(candidate):\n    assert candidate(1) == 2", entryPoint: "f" }],
        reference: "def f(x):\n    return 2 * x",
      }),
      problem({ tests: doubling }),
    ];
    const all = await checked(good, running);
    expect(kindsOf(all)).toEqual(good.map(() => []));
    expect(all.every(isKept)).toBe(true);
  });

  it("is a wrong reference, in either language, with the test that it fails", async () => {
    const all = await checked(
      [
        problem({ tests: doubling, reference: "def f(x):\n    return x + 1" }),
        problem({ tests: doubling, language: "javascript", reference: "function f(x) { return x + 1; }" }),
        problem({ tests: doubling, reference: "def f(x" }),
      ],
      running,
    );
    expect(kindsOf(all)).toEqual([["wrong reference"], ["wrong reference"], ["wrong reference"]]);
    expect(all[0].findings[0]?.detail).toMatch(/^test 1: .*wrong-answer.*"expected": 4, "got": 3}$/);
    expect(all[2].findings[0]?.detail).toMatch(/unparsable/);
    expect(all.some(isKept)).toBe(false);
  });

  it("is a reference that passes one time and not another", async () => {
    let times = 0;
    const run: CheckOptions["run"] = (each, program) =>
      judge(sandbox, each, program === each.reference && ++times === 2 ? "def f(x):\n    return 0" : program);
    const all = await checked([problem({ tests: doubling, reference: "def f(x):\n    return 2 * x" })], { run });
    expect(kindsOf(all)).toEqual([["unsteady reference"]]);
    expect(all[0].programs).toBe(4);
  });

  it("is a slow reference, which is kept", async () => {
    const run = async (each: Problem, program: string): Promise<Judgement> => {
      const judgement = await judge(sandbox, each, program);
      const cpuMs = each.limits.timeMs * 0.6;
      return {
        ...judgement,
        tests: judgement.tests.map((test) => (test.kind === "passed" ? { ...test, cpuMs } : test)),
      };
    };
    const all = await checked([problem({ tests: doubling, reference: "def f(x):\n    return 2 * x" })], { run });
    expect(all[0].findings).toEqual([{ kind: "slow reference", detail: "3600 of 6000 ms for one test" }]);
    expect(all.every(isKept)).toBe(true);
  });

  it("is tests that pass for a program that does nothing", async () => {
    const echo = [{ kind: "stdio", stdin: "a\n", stdout: "a\n" }];
    const all = await checked(
      [
        problem({ tests: [call(1, null)] }),
        problem({ tests: [call([1, 2], [1, 2])] }),
        problem({ tests: [call(5, 5)], language: "javascript" }),
        problem({ tests: echo }),
        problem({ tests: echo, language: "javascript" }),
        problem({ tests: [{ kind: "stdio", stdin: "7\n", stdout: "" }] }),
        problem({ tests: [{ kind: "assert", code: "assert True" }] }),
        problem({ tests: [call(1, 1), call(2, 4)] }),
      ],
      running,
    );
    expect(kindsOf(all)).toEqual([...Array.from({ length: 7 }, () => ["trivial tests"]), []]);
    expect(all.map(({ findings }) => findings[0]?.detail)[1]).toBe(
      "a program that returns its first argument passes all",
    );
  });

  it("is test code that no program can pass, named once", async () => {
    const broken = [{ kind: "check", code: "def chek(candidate):\n    pass", entryPoint: "f" }];
    const all = await checked([problem({ tests: broken, reference: "def f():\n    pass" })], running);
    expect(kindsOf(all)).toEqual([["unusable tests"]]);
  });
});

describe("what shows without running", () => {
  it("is repeated, empty and contradicting tests; a cleaned problem has the first once and the second not", async () => {
    const all = await checked([
      problem({ tests: [call(1, 2), call(1, 2, { visible: true }), call(2, 4)] }),
      problem({ tests: [call(1, 2), { kind: "stdio", stdin: "\n", stdout: "" }] }),
      problem({ tests: [call(1, 2), call(1, 3)] }),
      problem({ tests: [{ kind: "assert", code: " " }] }),
      problem({ tests: [call(1, 2), call(1.5, 2), call("1", 2)] }),
    ]);
    expect(kindsOf(all)).toEqual([
      ["repeated tests"],
      ["empty tests"],
      ["contradicting tests"],
      ["empty tests", "unusable tests"],
      [],
    ]);
    expect(all.map(isKept)).toEqual([true, true, false, false, true]);
    expect(all[0].problem?.tests).toMatchObject([{ arguments: [1], visible: true }, { arguments: [2] }]);
    expect(all[1].problem?.tests).toHaveLength(1);
  });

  it("is a problem that was there before, under the same id or the same words", async () => {
    const all = await checked([
      problem({ id: "a", prompt: "Add 1 and -2.", tests: doubling }),
      problem({ id: "b", prompt: " add 1\nand -2. ", tests: doubling }),
      problem({ id: "c", prompt: "Add 1 and 2.", tests: doubling }),
      problem({ id: "d", prompt: "Add 1 and -2.", tests: doubling, language: "javascript" }),
      problem({ id: "a", prompt: "Something else.", tests: doubling }),
    ]);
    expect(kindsOf(all)).toEqual([[], ["repeated problem"], [], [], ["repeated id"]]);
    expect(all[1].findings[0]?.detail).toBe("as a");
  });

  it("is a day inside the evaluation's, where the data set names one", async () => {
    const dated = (contest_date?: string): Problem => problem({ tests: doubling, metadata: { contest_date } });
    const all = await checked([dated("2023-04-30T00:00:00"), dated("2023-05-01"), dated(), dated("soon")], {
      before: "2023-05-01",
    });
    expect(kindsOf(all)).toEqual([[], ["dated in evaluation"], [], []]);
  });

  it("is a row that is no problem, and not one that is for others", async () => {
    const where = { file: "f.jsonl", unit: "line", number: 3 } as const;
    const tally = new CheckTally();
    const rows = async function* (): AsyncGenerator<SourceItem> {
      yield { kind: "malformed", where, reason: "row: not JSON", detail: "column 7" };
      yield { kind: "skipped", where, reason: "mathematics", detail: "" };
      yield* itemsOf([problem({ tests: doubling })]);
    };
    for await (const each of checkDataSet(rows(), still)) tally.add(each);
    expect([tally.rows, tally.problems, tally.kept, tally.skipped]).toEqual([3, 1, 1, { mathematics: 1 }]);
    const [first] = tally.results({ against: false, before: false });
    expect(first).toMatchObject({ name: "malformed row", checked: 3, failed: 1, drops: true });
    expect(first?.failures).toEqual(["f.jsonl:3: row: not JSON; column 7"]);
  });
});

describe("overlap with evaluation sets", () => {
  const words = (from: number, count: number): string =>
    Array.from({ length: count }, (_, at) => `w${from + at}`).join(" ");
  const format = "Write Python code to solve the problem. Present the code in a block at the very end of your answer.";
  const indexOf = (prompts: readonly string[], options = overlapDefaults): OverlapIndex => {
    const index = new OverlapIndex(options);
    for (const prompt of prompts) index.add(problem({ prompt, tests: doubling }));
    return index;
  };

  it("is found in a copy, in one with other spacing and case, and in one inside a longer text", () => {
    const index = indexOf([words(0, 100), words(200, 100)]);
    for (const prompt of [
      words(0, 100),
      words(0, 100).toUpperCase().replaceAll(" ", "\n, "),
      `${words(500, 400)} ${words(0, 100)}`,
    ]) {
      expect(index.find(problem({ prompt, tests: doubling }))?.share).toBe(1);
    }
    expect(index.find(problem({ prompt: words(300, 100), tests: doubling }))).toBeNull();
  });

  it("has the share of common runs: half a problem is half", () => {
    const index = indexOf([words(0, 112)]);
    const found = index.find(problem({ prompt: `${words(0, 62)} ${words(900, 50)}`, tests: doubling }));
    expect(found).toMatchObject({ share: 0.5 });
    const strict = indexOf([words(0, 112)], { ...overlapDefaults, threshold: 0.51 });
    expect(strict.find(problem({ prompt: `${words(0, 62)} ${words(900, 50)}`, tests: doubling }))).toBeNull();
  });

  it("does not take the words of the format for words of the problem", () => {
    const index = indexOf(Array.from({ length: 20 }, (_, at) => `${words(100 * at, 14)} ${format}`));
    expect(index.find(problem({ prompt: `${words(9000, 3)} ${format}`, tests: doubling }))).toBeNull();
    expect(index.find(problem({ prompt: `${words(500, 14)} ${format}`, tests: doubling }))?.share).toBeGreaterThan(0.9);
  });

  it("finds a short prompt only as a whole", () => {
    const index = indexOf(["Add two numbers."]);
    expect(index.find(problem({ prompt: "add two   numbers", tests: doubling }))?.share).toBe(1);
    expect(index.find(problem({ prompt: "add two numbers and print them", tests: doubling }))).toBeNull();
  });

  it("is still found where the index holds only a sample of the runs", () => {
    const prompts = Array.from({ length: 50 }, (_, at) => words(1000 * at, 300));
    const index = indexOf(prompts, { ...overlapDefaults, maximumGrams: 1500 });
    expect(prompts.every((prompt) => index.find(problem({ prompt, tests: doubling }))?.share === 1)).toBe(true);
    expect(index.find(problem({ prompt: words(70_000, 300), tests: doubling }))).toBeNull();
  });
});
