import { expect, it } from "vitest";
import { applySettings, resolveConfig } from "./resolve.js";

const resolved = (settings: readonly string[]): unknown => resolveConfig(applySettings({}, settings), "here");

it.each([
  [["alignment.share=1"], /collectSteps to 1 or more, or alignment.source to references/],
  [["alignment.shareSchedule=[{step: 1, share: 1}, {step: 9, share: 0}]"], /shareSchedule's share at step 1 is 1/],
  [["alignment.shareSchedule=[{step: 4, share: 0}, {step: 4, share: 1}]"], /shareSchedule\[1\] is for step 4, after/],
  [["alignment.shareSchedule=[{step: 4, share: 0}, {step: 9, share: 1}]", "pool.capacity=31"], /pool.capacity is 31/],
  [["alignment.source=references", "alignment.collectSteps=3"], /set alignment.collectSteps to 0/],
  [["alignment.source=passed", "alignment.passedTests=some"], /source is passed, which has no failed programs/],
  [["alignment.source=references", "alignment.passedTests=none"], /source is references, which has no failed/],
])("refuses %j", (settings, message) => expect(() => resolved(settings)).toThrow(message));

it.each([
  [["alignment.share=1", "alignment.source=references"]],
  [["alignment.share=1", "alignment.collectSteps=1"]],
  [["alignment.shareSchedule=[{step: 24, share: 1}, {step: 25, share: 0}]", "alignment.collectSteps=2"]],
  [["alignment.source=all", "alignment.passedTests=some"]],
])("takes %j", (settings) => expect(() => resolved(settings)).not.toThrow());
