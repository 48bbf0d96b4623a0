import { expect, it } from "vitest";
import { problemTable, rolloutLinks } from "../api/rollouts.js";
import { openRollouts } from "./answers.js";
import { freshRun, places, question, record } from "./test-run.js";

const run = freshRun();
run.writeRollouts(1, [
  record(1, 0, 0),
  record(1, 0, 1, { program: "y = 2", verdict: { kind: "passed", passed: 1, total: 1 }, reward: 1 }),
  record(1, 1, 0, { problem: "p/2" }),
]);
run.writeRollouts(2, [
  question(2, 0, 0, {}, { reward: 0.5 }),
  question(2, 0, 1, {}, { reward: null }),
  question(2, 1, 0, {}, { problem: "p/2", reward: 1 }),
  question(2, 2, 0, { program: "z = 3" }),
]);
run.writeRollouts(3, [
  record(3, 0, 0, { verdict: { kind: "infrastructure", message: "" } }),
  question(3, 1, 0, {}, { reward: 1 }),
]);

it("a failed program leads to the questions made of it, and they lead back", async () => {
  const rollouts = openRollouts(run.path);
  await rollouts.complete();
  const links = async (step: number, group: number, sample: number): Promise<string[]> =>
    places(rolloutLinks.parse(await rollouts.links({ step, group, sample })).links);
  expect(await links(1, 0, 0)).toEqual(["2.0.0", "2.0.1", "3.1.0"]);
  expect(await links(1, 1, 0)).toEqual(["2.1.0"]);
  expect(await links(3, 0, 0)).toEqual(["3.1.0"]);
  expect(await links(2, 0, 1)).toEqual(["1.0.0"]);
  expect(await links(3, 1, 0)).toEqual(["3.0.0", "1.0.0"]);
  expect(await links(1, 0, 1)).toEqual([]);
  expect(await links(2, 2, 0)).toEqual([]);
  await expect(links(1, 9, 9)).rejects.toThrow("has no rollout 9 of group 9 in step 1");
  await rollouts.close();
});

it("problems are told with how often they were met and how it went", async () => {
  const rollouts = openRollouts(run.path);
  await rollouts.complete();
  const { problems } = problemTable.parse(await rollouts.problems());
  expect(problems).toEqual([
    { problem: "p/1", code: 3, passRate: 0.5, alignment: 4, alignmentReward: 0.5, firstPassed: 1 },
    { problem: "p/2", code: 1, passRate: 0, alignment: 1, alignmentReward: 1, firstPassed: null },
  ]);
  await rollouts.close();
});
