import { describe, expect, it } from "vitest";
import { applySettings, resolveConfig } from "./resolve.js";

const resolve = (...settings: string[]): unknown => resolveConfig(applySettings({}, settings), "here");

describe("settings of control that make no sense together", () => {
  it.each([
    [
      "a warm-up that leaves nothing to the schedule",
      ["train.steps=5", "optimizer.schedule=cosine"],
      /optimizer\.warmUpSteps is 5, but only 5 steps learn/,
    ],
    [
      "a warm-up longer than what collecting leaves",
      ["train.steps=12", "alignment.collectSteps=8", "alignment.share=1", "optimizer.schedule=linear"],
      /only 4 steps learn/,
    ],
    ["a final share of a constant rate", ["optimizer.finalShare=0.1"], /the schedule is constant/],
    [
      "an early stop of one update",
      ["policy.maximumOldKl=0.1", "train.miniBatches=1"],
      /a step has one only; raise train\.miniBatches or train\.epochs/,
    ],
    [
      "an early stop above the guard",
      ["policy.maximumOldKl=0.2", "guards.maximumOldKl=0.1"],
      /policy\.maximumOldKl \(0\.2\) is above guards\.maximumOldKl \(0\.1\)/,
    ],
    ["a best checkpoint without evaluations", ["train.keepBest=all_right"], /nothing is evaluated between/],
    [
      "a best checkpoint of the last step alone",
      ["train.keepBest=all_right", "evaluation.every=80"],
      /set evaluation\.every to less than train\.steps \(80\)/,
    ],
    [
      "a best checkpoint by a measure that there is not",
      ["train.keepBest=pass_at_1", "evaluation.every=10"],
      /train\.keepBest: .*"code_pass_at_1".*found "pass_at_1"/,
    ],
    ["kept steps without a checkpoint", ["train.keepEvery=15"], /no multiple of train\.checkpointEvery \(10\)/],
    ["a budget that no timer can count", ["train.maximumMinutes=1e9"], /train\.maximumMinutes: .*30240/],
  ])("%s is refused", (_name, settings, expected) => {
    expect(() => resolve(...settings)).toThrow(expected);
  });

  it("are none of these", () => {
    resolve("train.steps=3");
    resolve("train.steps=6", "optimizer.schedule=cosine", "optimizer.finalShare=0.1");
    resolve("policy.maximumOldKl=0.1", "guards.maximumOldKl=0.1", "train.miniBatches=1", "train.epochs=2");
    resolve("train.keepBest=all_right", "evaluation.every=20", "train.keepEvery=20");
  });
});
