import { describe, expect, it } from "vitest";
import type { Task } from "./benchmarks/benchmark.js";
import { selectTasks } from "./task-selection.js";

function task(id: string, date?: string, difficulty?: string): Task {
  return {
    id,
    ...(date !== undefined && { date }),
    ...(difficulty !== undefined && { difficulty }),
    prompt: () => ({ kind: "text", text: "" }),
    grade: () => expect.unreachable(),
  };
}

const tasks = [
  task("a", "2023-05-01", "easy"),
  task("b", "2023-07-31", "hard"),
  task("c", undefined, "easy"),
  task("d", "2024-01-01", "easy"),
];
const ids = (selection: Parameters<typeof selectTasks>[2]): string[] =>
  selectTasks("toy", tasks, selection).map(({ id }) => id);

describe("the choice of tasks", () => {
  it("is all of them, those of a window with both its days, of a difficulty, and the first of what is left", () => {
    expect(ids({})).toEqual(["a", "b", "c", "d"]);
    expect(ids({ from: "2023-05-01", to: "2023-07-31" })).toEqual(["a", "b"]);
    expect(ids({ from: "2023-05-02" })).toEqual(["b", "d"]);
    expect(ids({ difficulty: "easy", limit: 2 })).toEqual(["a", "c"]);
    expect(ids({ to: "2024-12-31", difficulty: "easy", limit: 9 })).toEqual(["a", "d"]);
  });

  it("is refused where it cannot be made, or leaves none", () => {
    expect(() => ids({ from: "2025-01-01" })).toThrow("none of its 4 tasks is chosen (dates 2023-05-01 to 2024-01-01)");
    expect(() => ids({ difficulty: "Hard" })).toThrow("toy: --difficulty Hard: expected easy, hard");
    expect(() => selectTasks("toy", [task("x")], { to: "2024-01-01" })).toThrow("its tasks have no dates");
    expect(() => selectTasks("toy", [task("x")], { difficulty: "easy" })).toThrow("its tasks have no difficulties");
  });
});
