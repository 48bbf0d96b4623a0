import { describe, expect, it } from "vitest";
import { applySettings, resolveConfig } from "./resolve.js";

const resolved = (settings: readonly string[]): unknown => resolveConfig(applySettings({}, settings), "here");

it.each([
  [["alignment.share=1"], /collectSteps to 1 or more, or alignment.source to references/],
  [["alignment.shareSchedule=[{step: 1, share: 1}, {step: 9, share: 0}]"], /shareSchedule's share at step 1 is 1/],
  [["alignment.shareSchedule=[{step: 4, share: 0}, {step: 4, share: 1}]"], /shareSchedule\[1\] is for step 4, after/],
  [["alignment.shareSchedule=[{step: 4, share: 0}, {step: 9, share: 1}]", "pool.capacity=31"], /pool.capacity is 31/],
  [
    ["rollouts.prompts=100", "alignment.share=0.29", "pool.capacity=28"],
    /less than the 29 alignment prompts of a step/,
  ],
  [["alignment.source=references", "alignment.collectSteps=3"], /set alignment.collectSteps to 0/],
  [["alignment.source=passed", "alignment.passedTests=some"], /source is passed, which has no failed programs/],
  [["alignment.source=references", "alignment.passedTests=none"], /source is references, which has no failed/],
  [["alignment.source=references", "alignment.maximumPerStep=9"], /a step takes as many as it asks for; leave it out/],
  [["supervised.data=d.jsonl", "guards.minimumEntropy=0.1"], /guards.minimumEntropy means nothing to a supervised run/],
  [["supervised.data=d.jsonl", "guards.maximumOldKl=0.1"], /guards.maximumOldKl means nothing to a supervised run/],
  [["alignment.share=0", "alignment.collectSteps=3"], /no step has an alignment prompt: what is collected would never/],
  [["alignment.minimumComplexity=5", "alignment.maximumComplexity=4"], /no program lies between them/],
  [["optimizer.beta1=1"], /optimizer\.beta1/],
])("refuses %j", (settings, message) => expect(() => resolved(settings)).toThrow(message));

it.each([
  [["alignment.share=1", "alignment.source=references"]],
  [["alignment.share=1", "alignment.collectSteps=1"]],
  [["alignment.shareSchedule=[{step: 24, share: 1}, {step: 25, share: 0}]", "alignment.collectSteps=2"]],
  [["alignment.source=all", "alignment.passedTests=some"]],
  [["alignment.source=references", "alignment.maximumPerStep=null"]],
  [["supervised.data=d.jsonl", "guards.minimumEntropy=null", "guards.maximumGradientNorm=9"]],
])("takes %j", (settings) => expect(() => resolved(settings)).not.toThrow());

describe("settings of control that make no sense together", () => {
  it.each([
    [
      "a warm-up that leaves nothing to the schedule",
      ["train.steps=5", "optimizer.schedule=cosine"],
      /optimizer\.warmUpSteps is 5, but only 5 steps learn: .*; set it to 4 at most/,
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
  ])("%s is refused", (_name, settings, expected) => {
    expect(() => resolved(settings)).toThrow(expected);
  });

  it("are none of these", () => {
    resolved(["train.steps=3"]);
    resolved(["train.steps=6", "optimizer.schedule=cosine", "optimizer.finalShare=0.1"]);
    resolved(["policy.maximumOldKl=0.1", "guards.maximumOldKl=0.1", "train.miniBatches=1", "train.epochs=2"]);
    resolved(["train.keepBest=all_right", "evaluation.every=20", "train.keepEvery=20"]);
  });
});
