// A small run of CodeRL+ over the wire and in-process, and what has to be the same of both: metrics, rollouts, evaluations.

import { expect } from "vitest";
import type { StepMetrics } from "../../src/runs/metrics.js";
import type { RunDirectory } from "../../src/runs/run-directory.js";
import { applySettings, resolveConfig } from "../../src/train/config/resolve.js";
import type { Config } from "../../src/train/config/schema.js";
import { recipe } from "../../src/train/recipes/recipes.js";
import { train } from "../../src/train/run.js";
import { deterministic, rolloutText } from "../train-child.js";

/** Of any engine. */
export const small = [
  "train.steps=3",
  "train.checkpointEvery=1",
  "evaluation.problems=2",
  "rollouts.prompts=5",
  "rollouts.groupSize=4",
  "rollouts.maximumTokens=40",
  "judge.workers=1",
  "sandbox.wall=off",
] as const;

export const embedded = ["engine.threads=1"] as const;

/** The settings that put the same run across the wire. */
export function remote(url: string, ...settings: readonly string[]): string[] {
  return [
    "engine.kind=tinker",
    `engine.baseUrl=${url}`,
    "engine.model=model",
    "engine.tokenizer=bundled",
    "engine.lora=null",
    ...settings,
  ];
}

export function configOf(...settings: readonly string[]): Config {
  return resolveConfig(applySettings(recipe("coderlplus"), [...small, ...settings]), "test");
}

export async function run(path: string, ...settings: readonly string[]): Promise<RunDirectory> {
  return (await train(configOf(...settings), { path })).run;
}

/** The relative difference that another order of adding may make. */
const TOLERANCE = 1e-5;

/** The same tokens and rewards, and numbers that differ by rounding alone. */
export function expectSame(found: RunDirectory, expected: RunDirectory): void {
  expectNear(numbersOf(found.readMetrics()), numbersOf(expected.readMetrics()));
  expect(rolloutText(found)).toBe(rolloutText(expected));
  expect(found.evaluationSteps("family")).toEqual(expected.evaluationSteps("family"));
  for (const step of expected.evaluationSteps("family")) {
    expect(found.readEvaluation("family", step)).toEqual(expected.readEvaluation("family", step));
  }
}

/** Bit for bit: what was killed, interrupted or repeated across the wire is what was not. */
export function expectEqual(found: RunDirectory, expected: RunDirectory): void {
  expect(deterministic(found)).toBe(deterministic(expected));
  expect(rolloutText(found)).toBe(rolloutText(expected));
}

type Numbers = ReadonlyArray<readonly [name: string, value: number | null]>;

function numbersOf(lines: readonly StepMetrics[]): Numbers {
  return lines.flatMap((line) =>
    Object.entries(line).flatMap(([name, value]) =>
      /^(time|memory)\//.test(name) ? [] : [[`${line.step}: ${name}`, value ?? null] as const],
    ),
  );
}

function expectNear(found: Numbers, expected: Numbers): void {
  expect(found.map(([name]) => name)).toEqual(expected.map(([name]) => name));
  const isNear = (a: number | null, b: number | null): boolean =>
    a === b || (a !== null && b !== null && Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(b)));
  const both = found.map(([name, value], i) => [name, value, expected[i][1]] as const);
  expect(both.filter(([, value, other]) => !isNear(value, other))).toEqual([]);
}
