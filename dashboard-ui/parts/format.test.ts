// Numbers and times as people read them.

import { expect, test } from "vitest";
import { agoText, bytesText, durationText, numberText, percentText } from "./format.js";

test("numbers have three digits that count", () => {
  expect([0, 0.5, 0.012345, 12.3456, 1234.6, 1234567, 0.00012, null].map(numberText)).toEqual([
    "0",
    "0.5",
    "0.0123",
    "12.3",
    "1\u202f235",
    "1.23e6",
    "1.20e-4",
    "–",
  ]);
});

test("times have their two largest units, and no sixty of the smaller", () => {
  expect([0.0123, 3.21, 59.6, 3599.7, 3600, 5400, 86400 * 2 + 3 * 3600].map(durationText)).toEqual([
    "12 ms",
    "3.2 s",
    "1 min",
    "1 h",
    "1 h",
    "1 h 30 min",
    "2 d 3 h",
  ]);
});

test("what was is so long ago", () => {
  const now = Date.parse("2026-01-08T00:00:00Z");
  expect(agoText("2026-01-07T23:59:30Z", now)).toBe("just now");
  expect(agoText("2026-01-07T21:40:00Z", now)).toBe("2 h ago");
  expect(agoText("2026-01-06T00:00:00Z", now)).toBe("2 d ago");
  expect(agoText("nonsense", now)).toBe("nonsense");
});

test("shares are of a hundred, sizes by 1024", () => {
  expect([percentText(0.1234), percentText(null)]).toEqual(["12.3 %", "–"]);
  expect([0, 1023, 1536, 3 * 2 ** 30].map(bytesText)).toEqual(["0 B", "1020 B", "1.5 KiB", "3 GiB"]);
});
