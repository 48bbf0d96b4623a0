// The numbers that two ways of computing the tiny model must agree on, and the comparison. It runs nothing.

import { EngineError } from "../../../core/errors.js";
import type { Model } from "../decoder/graphs.js";

export interface Numbers {
  /** Of the tiny sequences' completions, one after the other, nats. */
  readonly logprobs: Float32Array;
  /** Flat, of the layout's length. */
  readonly gradient: Float32Array;
  /** The weights after one step of AdamW, flat. */
  readonly stepped: Float32Array;
}

/** Largest difference of a logprob, nats. */
export const LOGPROB_TOLERANCE = 1e-4;
/** Of a whole tensor: |found - expected| / |expected|. */
const GRADIENT_TOLERANCE = 1e-3;
const WEIGHT_TOLERANCE = 1e-4;

/** @throws EngineError naming the first tensor that differs, and by how much */
export function compareNumbers({ layout }: Model, device: string, expected: Numbers, found: Numbers): void {
  const off = largestDifference(expected.logprobs, found.logprobs);
  if (!(off <= LOGPROB_TOLERANCE)) {
    fail(device, `logprobs differ from the processor's by up to ${off.toPrecision(2)} nats`, LOGPROB_TOLERANCE);
  }
  for (const [what, tolerance, key] of [
    ["the gradient of", GRADIENT_TOLERANCE, "gradient"],
    ["after one optimizer step", WEIGHT_TOLERANCE, "stepped"],
  ] as const) {
    for (const { name, offset, length } of layout.tensors) {
      const [ours, theirs] = [found, expected].map((numbers) => numbers[key].subarray(offset, offset + length));
      const difference = relativeDistance(ours, theirs);
      if (difference <= tolerance) continue;
      fail(
        device,
        `${what} "${name}" differs from the processor's by ${difference.toPrecision(2)} of its size`,
        tolerance,
      );
    }
  }
}

/** @throws EngineError always */
export function fail(device: string, what: string, tolerance: number): never {
  const advice = device === "cpu" ? "onnxruntime-node is not as this engine needs it" : "use engine.device: cpu";
  throw new EngineError(
    `the engine's self-test failed on engine.device: ${device}: ${what}, where ${tolerance} is allowed; nothing was trained; ${advice}`,
  );
}

/** |a - b| / |b|; the distance itself where b is 0 */
function relativeDistance(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    difference += (a[i] - b[i]) ** 2;
    size += b[i] ** 2;
  }
  return Math.sqrt(size > 0 ? difference / size : difference);
}

/** NaN where one of them is. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a, (value, at) => Math.abs(value - b[at])).reduce((most, value) => Math.max(most, value), 0);
}
