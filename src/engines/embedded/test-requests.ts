// What the tests of this room ask of an engine: requests of many shapes, and datums made of what was sampled for them.

import { expect } from "vitest";
import { Rng } from "../../core/rng.js";
import type { Datum, Loss, OptimStep, Sample, SampleRequest } from "../engine.js";

export const POLICY: Extract<Loss, { kind: "policy" }> = {
  kind: "policy",
  objective: "token-ratio",
  klEstimator: "k3",
  clipLow: 0.2,
  clipHigh: 0.2,
  dualClip: 3,
  klCoefficient: 0,
};
export const STEP: OptimStep = {
  learningRate: 1e-2,
  beta1: 0.9,
  beta2: 0.99,
  epsilon: 1e-8,
  weightDecay: 0.01,
  gradientClip: 1,
};

/** Prompts of many lengths, among them a single token and more than one bucket. */
export function requests(count: number, each = 3, maxTokens = 20): SampleRequest[] {
  const rng = Rng.of("requests", count);
  return Array.from({ length: count }, (_, request) => ({
    prompt: Array.from({ length: request === 0 ? 1 : rng.integer(1, 70) }, () => rng.integer(2, 287)),
    count: each,
    maxTokens,
    temperature: 1,
    seeds: Array.from({ length: each }, (_, sample) => `${request} ${sample}`),
  }));
}

/** What training on these samples would take, with random advantages. */
export function datums(asked: readonly SampleRequest[], samples: readonly Sample[][]): Datum[] {
  const rng = Rng.of("advantages");
  return asked.flatMap(({ prompt }, request) =>
    samples[request].map(({ tokens, logprobs }) => ({
      prompt,
      completion: tokens,
      weights: new Float32Array(tokens.length).fill(0.01),
      advantages: new Float32Array(tokens.length).fill(rng.normal()),
      oldLogprobs: logprobs,
    })),
  );
}

/** Between two lists of rows of the same lengths. */
export function largestDifference(a: readonly Float32Array[], b: readonly Float32Array[]): number {
  expect(a.map(({ length }) => length)).toEqual(b.map(({ length }) => length));
  return Math.max(...a.flatMap((row, index) => [...row].map((value, at) => Math.abs(value - b[index][at]))));
}
