import { describe, expect, it } from "vitest";
import type { GradedGroup } from "./grade.js";
import { givingUp, promptsToDraw, splitGroups } from "./refill.js";

const group = (task: "code" | "alignment", rewards: ReadonlyArray<number | null>, earned?: number): GradedGroup =>
  ({
    prompt: { task: { kind: task } },
    rollouts: rewards.map((reward) => ({ reward, ...(earned === undefined ? {} : { earned }) })),
  }) as unknown as GradedGroup;
const apart = (task: "code" | "alignment" = "code"): GradedGroup => group(task, [0, 1]);
const alike = (task: "code" | "alignment" = "code"): GradedGroup => group(task, [1, 1]);

describe("the groups that a step learns from", () => {
  it("are the first of each task that teach, in the order drawn, and never more than the mixed batch had", () => {
    const first = [apart(), alike(), apart("alignment"), alike("alignment")];
    const second = [apart(), apart(), alike("alignment"), apart("alignment")];
    const { learnt, left } = splitGroups([first, second]);
    expect(learnt).toEqual([first[0], second[0], first[2], second[3]]);
    expect(left).toEqual([first[1], first[3], second[1], second[2]]);
    expect(learnt[1]).toBe(second[0]);
  });

  it("differ in what was earned, not in length alone, among rollouts that have a reward", () => {
    const left = [group("code", [0.9, 1], 1), group("code", [null, 1, 1]), group("code", [null, null])];
    expect(splitGroups([left]).learnt).toEqual([]);
    expect(splitGroups([[group("code", [null, 0, 1]), group("code", [null, 1])]]).left).toEqual([]);
  });
});

describe("the prompts drawn in place of others", () => {
  it("are as many as the rate so far asks for, of their own task", () => {
    expect(promptsToDraw([[apart(), alike(), apart(), alike()]])).toEqual({ code: 4, alignment: 0 });
    expect(promptsToDraw([[apart(), apart(), apart(), alike()]])).toEqual({ code: 2, alignment: 0 });
    expect(promptsToDraw([[apart(), alike("alignment"), apart("alignment")]])).toEqual({ code: 0, alignment: 2 });
  });

  it("are a whole batch's at most, also where nothing has taught yet", () => {
    expect(promptsToDraw([[alike(), alike(), alike()]])).toEqual({ code: 3, alignment: 0 });
    const rounds = [
      [apart(), alike(), alike()],
      [alike(), alike(), alike()],
    ];
    expect(promptsToDraw(rounds)).toEqual({ code: 3, alignment: 0 });
  });

  it("are counted by task in the error that gives up", () => {
    const rounds = [[apart(), alike(), alike("alignment")], [alike()]];
    expect(givingUp(rounds, 4).message).toMatch(
      /^step 4: .* after 2 batches of prompts only 1 of 3 code groups \(2 wanted\) and 0 of 1 alignment groups \(1 wanted\)/,
    );
  });
});
