import { describe, expect, it } from "vitest";
import { submitted } from "./self-check.js";

const candidate = (passes: number, predicted: number | null) => ({ program: "", visible: 0, passes, predicted });

describe("the program that is submitted", () => {
  const chosen = (...candidates: ReturnType<typeof candidate>[]): number =>
    submitted(candidates, ({ predicted }) => predicted);

  it("is the first of those with the most matches", () => {
    expect(chosen(candidate(0, 1), candidate(1, 2), candidate(0, 2))).toBe(1);
    expect(chosen(candidate(0, 2), candidate(1, 2))).toBe(0);
  });

  it("is the first where nothing matches, and never one that was not asked while another matched", () => {
    expect(chosen(candidate(1, 0), candidate(0, 0))).toBe(1);
    expect(chosen(candidate(1, 2), candidate(0, null))).toBe(1);
    expect(chosen(candidate(1, null), candidate(0, null))).toBe(1);
  });
});
