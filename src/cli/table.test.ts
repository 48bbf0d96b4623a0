import { expect, it } from "vitest";
import { fittingTable, textTable } from "./table.js";

const rows = [
  ["measure", "one", "two", "three"],
  ["all_right", "1.0", "22.0", "3.0"],
];

it("a table that is too wide for the terminal is cut between columns, each piece with the names of its rows", () => {
  expect(fittingTable(rows, 22)).toBe(
    "measure    one   two\nall_right  1.0  22.0\n\nmeasure    three\nall_right    3.0",
  );
  expect(fittingTable(rows, 5).split("\n\n")).toHaveLength(3);
  expect(fittingTable(rows, 80)).toBe(textTable(rows));
  expect(fittingTable(rows, undefined)).toBe(textTable(rows));
});
