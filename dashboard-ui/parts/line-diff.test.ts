import fc from "fast-check";
import { expect, it } from "vitest";
import { type DiffRow, type DiffSide, folded, lineDiff } from "./line-diff.js";

const rowsOf = (expected: string, got: string): DiffRow[] => {
  const rows = lineDiff(expected, got);
  if (rows === null) throw new Error("no rows");
  return rows;
};
const text = (side: DiffSide): string => side.words.map(({ text }) => text).join("") + (side.isUnended ? "" : "\n");
const side = (rows: readonly DiffRow[], name: "expected" | "got"): string =>
  rows
    .flatMap((row) => row[name] ?? [])
    .map(text)
    .join("");
const marked = (one: DiffSide | null): string =>
  one === null ? "-" : one.words.map(({ text, changed }) => (changed ? `[${text}]` : text)).join("");

it("both texts can be read back from the rows, and lines are numbered as they are", () => {
  const texts = fc.array(fc.constantFrom("a", "b", "a b c", "", "a  "), { maxLength: 12 }).map((all) => all.join("\n"));
  fc.assert(
    fc.property(texts, texts, (expected, got) => {
      const rows = rowsOf(expected, got);
      expect(side(rows, "expected")).toBe(expected);
      expect(side(rows, "got")).toBe(got);
      for (const name of ["expected", "got"] as const)
        expect(rows.flatMap((row) => row[name]?.number ?? [])).toEqual(
          Array.from({ length: rows.filter((row) => row[name]).length }, (_, i) => i + 1),
        );
      for (const { equal, expected: left, got: right } of rows)
        if (equal) expect(left && text(left)).toBe(right && text(right));
      expect(rows.every(({ equal }) => equal)).toBe(expected === got);
    }),
    { seed: 1 },
  );
});

it("words that changed inside a line are marked", () => {
  const rows = rowsOf("1\ntotal 12 of 30\n3\n", "1\ntotal 13 of 30\n3\n");
  expect(rows.map(({ equal }) => equal)).toEqual([true, false, true]);
  expect([marked(rows[1].expected), marked(rows[1].got)]).toEqual(["total [12] of 30", "total [13] of 30"]);
});

it("a line that one text lacks stands alone", () => {
  const rows = rowsOf("a\nb\nc\n", "a\nc\nd\n");
  expect(rows.map(({ expected, got }) => `${marked(expected)}|${marked(got)}`)).toEqual([
    "a|a",
    "[b]|-",
    "c|c",
    "-|[d]",
  ]);
});

it("a missing line feed at the end is a difference", () => {
  const [row] = rowsOf("7\n", "7");
  expect([row.equal, row.expected?.isUnended, row.got?.isUnended]).toEqual([false, false, true]);
});

it("texts that are too long or too different are not compared", () => {
  expect(lineDiff("x".repeat(150_000), "y".repeat(150_000))).toBeNull();
  const lines = (from: number): string => Array.from({ length: 9000 }, (_, i) => `${from + i}\n`).join("");
  expect(lineDiff(lines(0), lines(100_000))).toBeNull();
});

it("long equal stretches are folded, and unfolded on request", () => {
  const lines = Array.from({ length: 50 }, (_, i) => `${i}\n`);
  const rows = rowsOf(lines.join(""), lines.with(20, "x\n").join(""));
  const parts = folded(rows, false);
  expect(parts.map((part) => ("hidden" in part ? part.hidden : "row"))).toEqual([17, ...Array(7).fill("row"), 26]);
  expect(parts.at(-1)).toEqual({ hidden: 26, equal: true });
  expect(folded(rows, true)).toHaveLength(50);
});
