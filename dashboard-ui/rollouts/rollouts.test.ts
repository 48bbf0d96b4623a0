import { describe, expect, it } from "vitest";
import type { RolloutPage, RolloutRow } from "../../src/dashboard/api/rollouts.js";
import { linkTo, readRoute } from "../route.js";
import {
  changed,
  chipsOf,
  questionOf,
  type RolloutFilter,
  readFilter,
  searchOf,
  without,
  writeFilter,
} from "./filter.js";
import { partsBy } from "./matches.js";
import { orderedProblems, readProblemOrder, writeProblemOrder } from "./problem-order.js";
import { emptyStore, holds, PAGE_ROWS, pageOffsets, taken } from "./row-store.js";

const full: RolloutFilter = {
  run: "a/b c",
  task: "code",
  fromStep: 0,
  toStep: 40,
  verdict: "failed",
  reason: "wrong-answer",
  problem: "family/00?&#",
  minimumReward: 0,
  maximumReward: 0.5,
  text: "x == '%20'",
  order: "-advantage",
};

describe("the filter in the address", () => {
  it("What is written is what is read", () => {
    const { parameters } = readRoute(linkTo("rollouts", writeFilter(full)));
    expect(readFilter(parameters)).toEqual(full);
    expect(readFilter(readRoute(linkTo("rollouts", writeFilter({ run: "a" }))).parameters)).toEqual({ run: "a" });
  });

  it("What makes no sense is left out", () => {
    const typed = new URLSearchParams("run=a&task=both&fromStep=-1&toStep=1.5&verdict=&minimumReward=high&order=name");
    expect(readFilter(typed)).toEqual({ run: "a" });
  });

  it("One step alone is that step", () => {
    expect(readFilter(new URLSearchParams("run=a&step=7"))).toEqual({ run: "a", fromStep: 7, toStep: 7 });
  });

  it("Text is asked for by a question of its own, without an order", () => {
    expect(questionOf(full)).not.toHaveProperty("text");
    expect(searchOf(full)).toMatchObject({ text: "x == '%20'", reason: "wrong-answer" });
    expect(searchOf(full)).not.toHaveProperty("order");
    expect(searchOf({ run: "a" })).toBeNull();
  });

  it("Each chip takes off what it says", () => {
    const chips = chipsOf(full);
    expect(chips.map(({ says }) => says)).toEqual([
      "code",
      "step 0 to 40",
      "failed",
      "wrong-answer",
      "problem has “family/00?&#”",
      "reward 0 to 0.5",
      "text has “x == '%20'”",
    ]);
    const bare = chips.reduce((filter, { fields }) => without(filter, fields), full);
    expect(bare).toEqual({ run: "a/b c", order: "-advantage" });
    expect(chipsOf({ run: "a", fromStep: 3 }).map(({ says }) => says)).toEqual(["step from 3"]);
    expect(chipsOf({ run: "a", fromStep: 3, toStep: 3 }).map(({ says }) => says)).toEqual(["step 3"]);
  });

  it("A field that is unset is gone", () => {
    expect(changed({ run: "a", task: "code" }, { task: undefined, verdict: "passed" })).toEqual({
      run: "a",
      verdict: "passed",
    });
  });
});

describe("rows as they come", () => {
  it("Pages are asked for by what is in sight", () => {
    expect(pageOffsets(0, 0)).toEqual([0]);
    expect(pageOffsets(190, 210)).toEqual([0, 200]);
    expect(pageOffsets(999_990, 1_000_000)).toEqual([999_800]);
  });

  it("A page that is held is not asked for again, the last one may be short", () => {
    const store = taken(emptyStore, "newest", page(0, rows(250, 201), 250));
    expect(holds(store, 0)).toBe(false);
    const both = taken(store, "newest", page(0, rows(250, 51), 250));
    expect(holds(both, 0)).toBe(true);
    expect(holds(both, 200)).toBe(false);
    expect(holds(taken(both, "newest", page(200, rows(50, 1), 250)), 200)).toBe(true);
  });

  it("New rollouts of a run that goes on move the list by as many as came", () => {
    const store = taken(emptyStore, "newest", page(0, rows(500, 301), 500));
    const grown = taken(store, "newest", page(0, rows(530, 331), 530, 11));
    expect(grown.before).toBe(30);
    expect(grown.rows.get(30)?.step).toBe(500);
    expect(grown.rows.get(229)?.step).toBe(301);
  });

  it("An index that grows adds older rollouts: behind the newest, before the oldest", () => {
    const newest = taken(emptyStore, "newest", page(0, rows(500, 301), 500));
    expect(taken(newest, "newest", page(0, rows(500, 301), 900)).before).toBe(0);
    const oldest = taken(emptyStore, "oldest", page(0, rows(500, 301), 500));
    expect(taken(oldest, "oldest", page(0, rows(100, 1), 900)).before).toBe(400);
  });

  it("By another order nothing stays that may be elsewhere", () => {
    const store = taken(emptyStore, "reward", page(0, rows(500, 301), 500));
    const grown = taken(store, "reward", page(200, rows(300, 101), 501));
    expect(grown.rows.has(0)).toBe(false);
    expect(grown.rows.has(200)).toBe(true);
  });

  it("Of a million rollouts only those near to the reader are held", () => {
    let store = emptyStore;
    for (let offset = 0; offset < 40 * PAGE_ROWS; offset += PAGE_ROWS) {
      store = taken(store, "newest", page(offset, rows(1_000_000 - offset, 1_000_000 - offset - 199), 1_000_000));
    }
    expect(store.rows.size).toBe(24 * PAGE_ROWS);
    expect(holds(store, 39 * PAGE_ROWS)).toBe(true);
    expect(holds(store, 0)).toBe(false);
  });
});

describe("matches of a text", () => {
  it("Are found in upper and lower case, and are no pattern", () => {
    expect(partsBy("a MIN(x) min(", "min(")).toEqual([
      { text: "a ", isMatch: false },
      { text: "MIN(", isMatch: true },
      { text: "x) ", isMatch: false },
      { text: "min(", isMatch: true },
    ]);
    for (const wanted of ["[", "\\", "a.b", "$", "}", "-", "/", "(?=", "é", "💥"]) {
      expect(partsBy(`<${wanted}>`, wanted)[1]).toEqual({ text: wanted, isMatch: true });
    }
    expect(partsBy("abc", "x")).toEqual([{ text: "abc", isMatch: false }]);
  });
});

describe("the order of problems", () => {
  const entry = (problem: string, passRate: number | null) => ({
    problem,
    passRate,
    code: 8,
    alignment: 0,
    alignmentReward: null,
    firstPassed: null,
  });
  const problems = [entry("b", 0.5), entry("A", null), entry("c", 0), entry("d", 0.5)];

  it("Puts what has no number last, whichever way", () => {
    const named = (text: string): string =>
      orderedProblems(problems, readProblemOrder(text), "")
        .map((p) => p.problem)
        .join("");
    expect(named("passRate")).toBe("cbdA");
    expect(named("-passRate")).toBe("bdcA");
    expect(named("problem")).toBe("Abcd");
  });

  it("Keeps those whose name holds a text", () => {
    expect(orderedProblems(problems, readProblemOrder(null), "a").map((p) => p.problem)).toEqual(["A"]);
  });

  it("Is read as it is written, and is by pass rate where it makes no sense", () => {
    expect(writeProblemOrder(readProblemOrder("-firstPassed"))).toBe("-firstPassed");
    expect(readProblemOrder("-size")).toEqual({ by: "passRate", isDown: false });
  });
});

/** One rollout a step, from step `from` down to step `to`. */
function rows(from: number, to: number): RolloutRow[] {
  return Array.from({ length: from - to + 1 }, (_, index) => ({
    step: from - index,
    group: 0,
    sample: 0,
    task: "code",
    problem: "p",
    verdict: "passed",
    reason: null,
    reward: 1,
    advantage: 0,
    tokens: 1,
    stopReason: "stop",
  }));
}

function page(offset: number, held: RolloutRow[], total: number, of = 10): RolloutPage {
  return { total, offset, rows: held, index: { steps: 1, of, rollouts: total, skipped: 0, note: null } };
}
