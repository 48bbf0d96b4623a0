import { describe, expect, it } from "vitest";
import { type Evaluated, measuresOf, rowsOf } from "./rows.js";
import { csvOf, differencesCsv, differencesMarkdown, markdownOf } from "./text.js";

const evaluated = (
  run: string,
  setting: string,
  seed: number,
  values: readonly number[],
  problems = 10,
): Evaluated => ({
  run,
  name: run.split("/").at(-1) ?? run,
  setting,
  recipe: setting,
  seed,
  finished: true,
  records: values.map((value, i) => ({ step: 40 * i, problems, metrics: { m: { value, standardError: 0.05 } } })),
});

const runs = [
  evaluated("grpo/seed-0", "grpo", 0, [0.2, 0.5]),
  evaluated("grpo/seed-1", "grpo", 1, [0.2, 0.7]),
  evaluated("ours/seed-0", "ours", 0, [0.2, 0.9]),
  evaluated("other", "other", 0, [0.1, 1], 4),
];

describe("the table of measures", () => {
  it("has the mean and spread of seeds, and the standard error of one run", () => {
    const [grpo, ours] = rowsOf(runs, true);
    expect(grpo).toMatchObject({ name: "grpo", steps: [0, 40] });
    expect(grpo?.cells["m"]?.value).toBeCloseTo(0.6, 12);
    expect(grpo?.cells["m"]?.error).toBeCloseTo(Math.SQRT2 / 10, 12);
    expect(ours?.cells["m"]).toEqual({ before: 0.2, value: 0.9, error: 0.05, isBest: true });
    expect(rowsOf(runs, false).length).toBe(4);
  });

  it("calls nothing best that was measured on other problems, or is no better than the rest", () => {
    const best = (shown: readonly Evaluated[]) => rowsOf(shown, true).map(({ cells }) => cells["m"]?.isBest);
    expect(best(runs)).toEqual([false, true, false]);
    expect(best([evaluated("a", "a", 0, [0.5]), evaluated("b", "b", 0, [0.5])])).toEqual([false, false]);
  });

  it("leaves out what was not evaluated, and has no difference without a beginning", () => {
    const [only, ...none] = rowsOf([evaluated("a", "a", 0, []), evaluated("b", "b", 0, [0.5])], true);
    expect(none).toEqual([]);
    expect(only?.cells["m"]?.before).toBeNull();
  });

  it("has its columns in the catalogue's order", () => {
    const rows = rowsOf(runs, true).map((row) => ({ ...row, cells: { ...row.cells, first: row.cells["m"] ?? null } }));
    expect(measuresOf(rows as never, { first: "", m: "" })).toEqual(["first", "m"]);
  });
});

describe("tables as text", () => {
  it("is Markdown with the best in bold", () => {
    expect(markdownOf(rowsOf(runs.slice(0, 3), true), ["m"])).toBe(
      "|  | m |\n|---|---|\n| grpo | 20.0 → 60.0 ± 14.1 |\n| seed-0 | 20.0 → **90.0 ± 5.0** |\n",
    );
  });

  it("is CSV with numbers in full, in which nothing is a formula or a second field", () => {
    const [row] = rowsOf([evaluated('=x("a",b)', "s", 0, [0.1, 0.3])], true);
    expect(csvOf(row ? [row] : [], ["m"]).split("\n")[1]).toBe(`"'=x(""a"",b)",1,0,40,m,0.1,0.3,0.05`);
  });

  it("says differences with their intervals", () => {
    const group = (name: string, against: string | null) => ({ name, runs: [], seeds: [0], against });
    const cell = { before: 0, value: 0, spread: 0, rewarded: false };
    const table = {
      groups: [group("a", null), group("b|c", "a")],
      measures: [
        {
          measure: "m",
          base: 0,
          groups: [
            { ...cell, against: null },
            { ...cell, against: { difference: 0.031, low: -0.01, high: 0.0722 } },
          ],
        },
      ],
      refusal: null,
      skipped: [],
    };
    expect(differencesMarkdown(table)).toContain("| m | +3.1 [−1.0, +7.2] |");
    expect(differencesMarkdown(table)).toContain("b\\|c against a");
    expect(differencesCsv(table)).toContain("m,b|c,a,0.031,-0.01,0.0722\n");
  });
});
