import { describe, expect, it } from "vitest";
import type { AskedValue, RolloutRow, TestDetail } from "../../src/dashboard/api/rollouts.js";
import { meanReward, visitsOf } from "../problem/visits.js";
import { linkTo, readRoute } from "../route.js";
import { elsewhere, type GroupAddress, neighbour, opposite, readGroup, toggled, writeGroup } from "./address.js";
import { lineMarksOf, marksOf } from "./asked-marks.js";
import { placeOf } from "./program-place.js";
import { firstTold, testLook } from "./test-looks.js";
import { around, differenceOf, judgementText } from "./value-difference.js";

const address: GroupAddress = { run: "a/b", step: 3, group: 2, sample: 1, compared: [], column: null };

describe("a group's address", () => {
  it("What is written is what is read", () => {
    for (const one of [address, { ...address, compared: [0, 4, 11], column: "ratio" as const }]) {
      expect(readGroup(readRoute(linkTo("group", writeGroup(one))).parameters)).toEqual(one);
    }
    expect(readGroup(new URLSearchParams("step=-1&sample=x&compare=a.2.2&tokens=colour"))).toEqual({
      run: "",
      step: 0,
      group: 0,
      sample: 0,
      compared: [2],
      column: null,
    });
  });

  it("Another group begins with its first sample, shown as the last one was", () => {
    expect(elsewhere({ ...address, compared: [1, 2], column: "ratio" }, 4, 0)).toEqual({
      ...address,
      step: 4,
      group: 0,
      sample: 0,
      column: "ratio",
    });
  });

  it("Samples are put side by side in order, and taken away", () => {
    expect(toggled({ ...address, compared: [1, 5] }, 3).compared).toEqual([1, 3, 5]);
    expect(toggled({ ...address, compared: [1, 5] }, 1)).toMatchObject({ compared: [5], sample: 5 });
  });

  it("The first to compare with is one that was rewarded otherwise", () => {
    const rewards = new Map([
      [0, 0],
      [1, 0],
      [2, null],
      [3, 1],
    ]);
    expect(opposite(rewards, 0)).toBe(2);
    expect(
      opposite(
        new Map([
          [0, 1],
          [4, 1],
        ]),
        0,
      ),
    ).toBe(4);
    expect(opposite(new Map([[0, 1]]), 0)).toBeNull();
  });

  it("Neighbours are those that exist", () => {
    expect(neighbour([0, 2, 3], 0, 1)).toBe(2);
    expect(neighbour([0, 2, 3], 3, 1)).toBe(3);
    expect(neighbour([0, 2, 3], 0, -1)).toBe(0);
  });
});

describe("where a program is in its completion", () => {
  it("Among other text", () => {
    expect(placeOf("x = 1", "So:\n```python\nx = 1\n```\nDone.")).toEqual({
      kind: "inside",
      before: "So:\n```python\n",
      after: "\n```\nDone.",
    });
  });

  it("After the lines that the prompt began it with", () => {
    expect(placeOf("def f(x):\n    return x", "\n    return x")).toEqual({ kind: "continued", headLines: 1 });
    expect(placeOf("def f(x):\n    return x", "\n    return x\n\nprint(f(1))")).toEqual({
      kind: "continued",
      headLines: 1,
    });
  });

  it("Elsewhere, or nowhere", () => {
    expect(placeOf("x = 2", "x = 1")).toEqual({ kind: "apart" });
    expect(placeOf(null, "no program")).toEqual({ kind: "none" });
    expect(placeOf("", "anything")).toEqual({ kind: "apart" });
  });
});

const value: AskedValue = {
  name: "f.a",
  type: "int",
  truth: "14",
  predictedType: "int",
  predicted: "15",
  right: false,
};

describe("a predicted value", () => {
  it("Says what is wrong with it", () => {
    expect(judgementText({ ...value, right: true })).toBe("right");
    expect(judgementText(value)).toBe("wrong");
    expect(judgementText({ ...value, predicted: null, predictedType: null })).toBe("not answered");
    expect(judgementText({ ...value, type: "float", truth: "2.0", predicted: "2" })).toBe("int, not float");
  });

  it("Differs in whole numbers and words", () => {
    expect(differenceOf("[1, 14, 3]", "[1, 15, 3]")).toEqual({ before: "[1, ", changed: "14", after: ", 3]" });
    expect(differenceOf("[1, 2]", "[1, 2, 3]")).toEqual({ before: "[1, 2", changed: "", after: "]" });
    expect(differenceOf("-1.5", "1.5")).toEqual({ before: "", changed: "-1.5", after: "" });
    expect(differenceOf("'é'", "'e'").changed).toBe("é");
  });

  it("Of a long one what is around the difference is shown", () => {
    const [truth, predicted] = [`[${"1, ".repeat(5000)}2]`, `[${"1, ".repeat(5000)}3]`];
    const shown = around(differenceOf(truth, predicted));
    expect(shown).toEqual({ before: `…${"1, ".repeat(27).slice(1)}`, changed: "2", after: "]" });
    expect(around({ before: "[", changed: "1", after: "]" })).toEqual({ before: "[", changed: "1", after: "]" });
  });

  it("Is marked where its variable stands in the program, not where another has its name", () => {
    const program = "def f(x):\n    a = x\n    return a\ndef g(a):\n    return a";
    const marks = marksOf(program, "python", [value]);
    expect(marks.map(({ from, to }) => program.slice(from, to))).toEqual(["a", "a"]);
    expect(marks.every(({ to }) => to < program.indexOf("def g"))).toBe(true);
    expect(marks[0]).toMatchObject({ look: "wrong", label: "f.a is 14, predicted 15: wrong" });
  });

  it("Of several on one line the wrong one is told", () => {
    const line = { ...value, name: "line 4" };
    const marks = lineMarksOf([line, { ...line, name: "line 4#2", right: true }]);
    expect(marks.get(4)?.look).toBe("wrong");
  });
});

describe("tests", () => {
  const test = (kind: string): TestDetail => ({ kind, isOutput: false, cpuMs: null });

  it("The first that failed is told first", () => {
    expect(firstTold([test("passed"), test("passed-within-tolerance"), test("raised"), test("not-run")])).toBe(2);
    expect(firstTold([test("passed"), test("not-run")])).toBe(0);
  });

  it("A kind that nobody knows is shown by its name", () => {
    expect(testLook("constructor").sign).toBe("?");
    expect(testLook("wrong-answer").sign).toBe("✗");
  });
});

describe("a problem's visits", () => {
  const row: RolloutRow = {
    step: 1,
    group: 0,
    sample: 0,
    task: "code",
    problem: "p/1",
    verdict: "passed",
    reason: null,
    reward: 1,
    advantage: 0,
    tokens: 1,
    stopReason: "stop",
  };

  it("Are its own groups in the order of time", () => {
    const rows = [
      { ...row, step: 9 },
      { ...row, step: 2, sample: 1, reward: 0 },
      { ...row, step: 2, sample: 0, reward: null },
      { ...row, problem: "p/10" },
      { ...row, task: "alignment" as const },
    ];
    const visits = visitsOf(rows, "p/1", "code");
    expect(visits.map(({ step, rollouts }) => [step, rollouts.map(({ sample }) => sample)])).toEqual([
      [2, [0, 1]],
      [9, [0]],
    ]);
    expect(visits.map(meanReward)).toEqual([0, 1]);
    expect(meanReward({ step: 1, group: 0, rollouts: [{ ...row, reward: null }] })).toBeNull();
  });
});
