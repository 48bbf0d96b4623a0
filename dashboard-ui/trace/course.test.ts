import { expect, it } from "vitest";
import type { TraceMoment } from "../../src/dashboard/api/rollouts.js";
import { type CourseState, changesOf, nextOf, outFrom, overFrom, stateAt, visitsOf } from "./course.js";

const names = ["n", "f.x", "f()", "f.g.y"];
/** line, scope, call, depth, changes */
type Short = readonly [number, string, number, number, ...Array<readonly [number, string | null]>];
const recorded = (...list: readonly Short[]) => ({
  names,
  moments: list.map(([line, scope, activation, depth, ...changes]): TraceMoment => {
    return { line, scope, activation, depth, printed: 0, changes: changes.map(([name, text]) => [name, text]) };
  }),
});

/** `f:2 x=1*` for each open call; `*` what has just changed, with what was before in brackets. */
const told = ({ calls }: CourseState): string =>
  calls
    .map(({ scope, line, variables }) => {
      const words = variables.map(
        ({ name, text, isChanged, before }) =>
          `${name}=${text ?? "-"}${isChanged ? `*${before === null ? "" : `(${before})`}` : ""}`,
      );
      return [`${scope || "module"}:${line}`, ...words].join(" ");
    })
    .join(" | ");

const course = recorded(
  [1, "", 0, 0, [0, "1"]],
  [9, "", 0, 0],
  [2, "f", 1, 1, [1, "5"]],
  [3, "f", 1, 1, [1, "6"], [0, "2"]],
  [2, "f", 2, 2, [1, "7"]],
  [4, "f", 2, 2, [2, "'r'"]],
  [3, "f", 1, 1],
  [9, "", 0, 0, [0, null]],
);

it("a moment has the open calls, the newest first, and what has just changed", () => {
  expect(told(stateAt(course, 0))).toBe("module:1 n=1*");
  expect(told(stateAt(course, 2))).toBe("f:2 x=5* | module:9 n=1");
  expect(told(stateAt(course, 3))).toBe("f:3 x=6*(5) | module:9 n=2*(1)");
});

it("calls of one function keep their own variables, also after the inner one has ended", () => {
  expect(told(stateAt(course, 5))).toBe("f:4 x=7 f()='r'* | f:3 x=6 | module:9 n=2");
  expect(told(stateAt(course, 6))).toBe("f:3 x=6 | module:9 n=2");
});

it("a variable that loses its value is told of once", () => {
  expect(told(stateAt(course, 7))).toBe("module:9 n=-*(2)");
  expect(told(stateAt(recorded([1, "", 0, 0, [0, "1"]], [2, "", 0, 0, [0, null]], [3, "", 0, 0]), 2))).toBe("module:3");
});

it("a call that another generator's pause has interrupted goes on with its variables", () => {
  const paused = recorded([1, "f", 1, 0, [1, "1"]], [5, "f", 2, 0, [1, "2"]], [2, "f", 1, 0]);
  expect(told(stateAt(paused, 2))).toBe("f:2 x=1 | module:0");
});

it("a variable of a function around is named with its path", () => {
  const inner = { ...recorded([1, "f.h", 1, 0, [3, "1"], [1, "2"]]) };
  expect(told(stateAt(inner, 0))).toBe("f.h:1 f.g.y=1* f.x=2* | module:0");
});

it("steps over calls, out of them, to lines and to changes", () => {
  const { moments } = course;
  expect([overFrom(moments, 1), overFrom(moments, 3), outFrom(moments, 4), outFrom(moments, 0)]).toEqual([7, 6, 6, 7]);
  expect(visitsOf(moments).get(3)).toEqual([3, 6]);
  expect(changesOf(course, "n")).toEqual([0, 3, 7]);
  expect([nextOf([0, 3, 7], 3, 1), nextOf([0, 3, 7], 3, -1), nextOf([0, 3, 7], 7, 1)]).toEqual([7, 0, null]);
});
