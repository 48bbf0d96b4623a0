import { describe, expect, it } from "vitest";
import { largestShare, type SharePoint, shareAt } from "./share.js";

const at = (step: number, points: readonly SharePoint[] | null): number =>
  shareAt(step, { share: 0.4, shareSchedule: points });

describe("the share of alignment", () => {
  it("is constant without a schedule", () => {
    expect([1, 7, 1000].map((step) => at(step, null))).toEqual([0.4, 0.4, 0.4]);
  });

  it("is linear between two points and constant outside", () => {
    const annealed = [
      { step: 10, share: 0.8 },
      { step: 20, share: 0.3 },
    ];
    expect([1, 10, 14, 20, 99].map((step) => at(step, annealed))).toEqual([0.8, 0.8, 0.6000000000000001, 0.3, 0.3]);
    expect(largestShare({ share: 1, shareSchedule: annealed })).toBe(0.8);
  });

  it("can be alignment first and code from the next step on", () => {
    const first = [
      { step: 24, share: 1 },
      { step: 25, share: 0 },
    ];
    expect([1, 24, 25, 60].map((step) => at(step, first))).toEqual([1, 1, 0, 0]);
  });

  it("is the one point's where there is one", () => {
    expect([1, 5, 9].map((step) => at(step, [{ step: 5, share: 0.2 }]))).toEqual([0.2, 0.2, 0.2]);
  });
});
