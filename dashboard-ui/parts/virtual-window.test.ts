import { describe, expect, it } from "vitest";
import {
  HIGHEST_PIXELS,
  rowByKey,
  scrolledPixels,
  scrollTopOf,
  topOf,
  topShowing,
  windowAt,
} from "./virtual-window.js";

const short = { count: 100, rowPixels: 30, viewPixels: 300 };
const long = { count: 1_000_000, rowPixels: 30, viewPixels: 300 };

describe("which rows of a long list are in sight", () => {
  it("A list that a browser can draw scrolls pixel by pixel", () => {
    expect(scrolledPixels(short)).toBe(3000);
    expect(topOf(short, 45)).toBe(45);
    expect(windowAt(short, 45)).toEqual({ first: 1, end: 12, shiftPixels: -15 });
  });

  it("A list that is too high for a browser is shown from its first row to its last", () => {
    expect(scrolledPixels(long)).toBe(HIGHEST_PIXELS);
    expect(windowAt(long, topOf(long, 0)).first).toBe(0);
    expect(windowAt(long, topOf(long, HIGHEST_PIXELS - 300)).end).toBe(1_000_000);
  });

  it("Where a list is scrolled to is where it is shown", () => {
    for (const shape of [short, long]) {
      for (const part of [0, 0.1, 0.5, 0.999, 1]) {
        const top = part * (shape.count * shape.rowPixels - shape.viewPixels);
        expect(topOf(shape, scrollTopOf(shape, top))).toBeCloseTo(top, 3);
      }
    }
  });

  it("A list that needs no scrolling stays at its top", () => {
    const few = { count: 3, rowPixels: 30, viewPixels: 300 };
    expect(topOf(few, 50)).toBe(0);
    expect(scrollTopOf(few, 50)).toBe(0);
    expect(windowAt(few, 0)).toEqual({ first: 0, end: 3, shiftPixels: 0 });
    expect(windowAt({ ...few, count: 0 }, 0)).toEqual({ first: 0, end: 0, shiftPixels: 0 });
  });

  it("A chosen row is brought into sight by the smallest move", () => {
    expect(topShowing(short, 300, 12)).toBe(300);
    expect(topShowing(short, 300, 9)).toBe(270);
    expect(topShowing(short, 300, 20)).toBe(330);
    expect(topShowing(long, 0, 999_999)).toBe(1_000_000 * 30 - 300);
  });

  it("Keys lead to rows, never beyond the ends", () => {
    expect(rowByKey("j", 5, short)).toBe(6);
    expect(rowByKey("ArrowUp", 0, short)).toBe(0);
    expect(rowByKey("PageDown", 5, short)).toBe(14);
    expect(rowByKey("End", 5, long)).toBe(999_999);
    expect(rowByKey("Home", 5, long)).toBe(0);
    expect(rowByKey("z", 5, short)).toBeNull();
    expect(rowByKey("constructor", 5, short)).toBeNull();
    expect(rowByKey("j", 0, { ...short, count: 0 })).toBeNull();
  });
});
