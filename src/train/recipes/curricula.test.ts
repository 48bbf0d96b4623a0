// Every recipe of the curricula for three steps on the bundled model: that it asks what it says, of the programs it says.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundled } from "../../problems/bundled.js";
import { readProblems } from "../../problems/problem.js";
import { questionKinds } from "../../prompts/question.js";
import type { RolloutRecord } from "../../runs/records.js";
import type { RunDirectory } from "../../runs/run-directory.js";
import { rolloutSchema } from "../../runs/schemas.js";
import { applySettings, resolveConfig } from "../config/resolve.js";
import { train } from "../run.js";
import { recipe } from "./recipes.js";

const root = mkdtempSync(join(tmpdir(), "coderlplus-curricula-"));
const TINY = [
  "rollouts.prompts=6",
  "rollouts.groupSize=4",
  "evaluation.problems=1",
  "train.checkpointEvery=9",
  "judge.workers=1",
  "sandbox.wall=off",
];

async function tiny(
  name: string,
  settings: readonly string[] = [],
  path = name,
  resume = false,
): Promise<RunDirectory> {
  const config = resolveConfig(applySettings(recipe(name), [...TINY, "train.steps=3", ...settings]), name);
  return (await train(config, { path: join(root, path), resume })).run;
}

const rolloutsOf = (run: RunDirectory): RolloutRecord[] => run.rolloutSteps().flatMap((step) => run.readRollouts(step));
const sharesOf = (run: RunDirectory): unknown[] => run.readMetrics().map((line) => line["alignment/share"]);
const alignedOf = (run: RunDirectory): RolloutRecord[] => rolloutsOf(run).filter(({ task }) => task === "alignment");
/** The code rollouts before it that wrote the program that an alignment rollout asks about. */
const origins = (run: RunDirectory, { step, alignment }: RolloutRecord): RolloutRecord[] =>
  rolloutsOf(run).filter((other) => other.step < step && other.program === alignment?.program);
const references = new Set(readProblems(bundled("bundled", "train")).map(({ reference }) => reference));

it("alignment-first collects, aligns on what failed, and then writes code", async () => {
  const points = "[{step: 2, share: 1}, {step: 3, share: 0}]";
  const run = await tiny("alignment-first", ["alignment.collectSteps=1", `alignment.shareSchedule=${points}`]);
  expect(sharesOf(run)).toEqual([0, 1, 0]);
  expect(run.readMetrics().map((line) => (line["policy/updates"] ?? 0) > 0)).toEqual([false, true, true]);
  for (const rollout of alignedOf(run)) {
    expect(origins(run, rollout).map(({ verdict }) => verdict?.kind)).toContain("failed");
  }
});

it("alignment-first-fresh aligns from the first step on, on reference programs, and resumes where it was", async () => {
  const points = "alignment.shareSchedule=[{step: 2, share: 1}, {step: 3, share: 0.5}]";
  const run = await tiny("alignment-first-fresh", [points]);
  expect(sharesOf(run)).toEqual([1, 1, 0.5]);
  const aligned = alignedOf(run);
  expect(aligned.every(({ alignment }) => references.has(alignment?.program))).toBe(true);
  expect(new Set(aligned.map(({ prompt }) => prompt)).size).toBe(6 + 6 + 3);
  await tiny("alignment-first-fresh", [points, "train.steps=2"], "broken");
  const resumed = await tiny("alignment-first-fresh", [points], "broken", true);
  const texts = (of: RunDirectory): string[] => rolloutsOf(of).map(({ prompt, completion }) => prompt + completion);
  expect(texts(resumed)).toEqual(texts(run));
});

it("says before the run that there are no reference programs", async () => {
  const path = join(root, "problems.jsonl");
  const problem = { id: "p", prompt: "say 1", tests: [{ kind: "stdio", stdin: "", stdout: "1\n" }] };
  writeFileSync(path, JSON.stringify({ ...problem, language: "python" }));
  const refused = tiny("coderlplus", [`data.train=${path}`, "alignment.source=references"], "refused");
  await expect(refused).rejects.toThrow(/no problem has a reference program/);
});

it("annealed-share has fewer alignment prompts in every step", async () => {
  const points = "[{step: 1, share: 0.9}, {step: 3, share: 0.2}]";
  const run = await tiny("annealed-share", ["alignment.source=references", `alignment.shareSchedule=${points}`]);
  expect(sharesOf(run)).toEqual([5 / 6, 3 / 6, 1 / 6]);
});

it("all-programs recycles programs that pass too, partly-right those that pass some tests", async () => {
  const all = await tiny("all-programs");
  const kinds = new Set(alignedOf(all).flatMap((rollout) => origins(all, rollout).map(({ verdict }) => verdict?.kind)));
  expect(kinds).toContain("passed");
  const some = await tiny("partly-right", ["rollouts.prompts=12"]);
  const aligned = alignedOf(some);
  expect(aligned.length).toBeGreaterThan(0);
  for (const rollout of aligned) {
    const verdicts = origins(some, rollout).map(({ verdict }) => verdict);
    expect(verdicts.some((verdict) => verdict?.kind === "failed" && verdict.passed > 0)).toBe(true);
  }
});

it("official-reward gives an answer of the asked form a tenth at least", async () => {
  const aligned = alignedOf(await tiny("official-reward"));
  for (const { alignment, reward } of aligned)
    expect(reward).toBeGreaterThanOrEqual(alignment?.predicted === null ? 0 : 0.1);
});

it("targets asks every kind of question and rewards each", async () => {
  const fresh = ["alignment.source=references", "alignment.share=1", "rollouts.prompts=12"];
  const run = await tiny("targets", fresh);
  const aligned = alignedOf(run);
  expect(new Set(aligned.map(({ alignment }) => alignment?.target))).toEqual(new Set(questionKinds));
  for (const rollout of aligned) expect(() => rolloutSchema.parse(JSON.parse(JSON.stringify(rollout)))).not.toThrow();
  const rewarded = questionKinds.filter((kind) =>
    run.readMetrics().some((line) => typeof line[`alignment/reward_${kind}`] === "number"),
  );
  expect(rewarded).toEqual(questionKinds);
});
