// What a server answers to a pass, cut back to the completions; checked, since whoever answers is not trusted.

import { DivergenceError, EngineError } from "../../../core/errors.js";
import type { ForwardBackwardOutput, WireSampleResponse } from "../protocol/records.js";
import type { Sequence } from "./passes.js";
import type { Profile } from "./profile.js";

/** [sequences][T] of an output of this name; null where the server gives none. @throws EngineError for another shape */
export function completionOutputs(
  { outputs }: ForwardBackwardOutput,
  name: string,
  sequences: readonly Sequence[],
): Float32Array[] | null {
  if (outputs.length !== sequences.length) {
    throw new EngineError(`the answer to a pass over ${sequences.length} datums has outputs for ${outputs.length}`);
  }
  if (outputs.some((output) => output[name] === undefined)) return null;
  return sequences.map((sequence, i) => completionPart(`datum ${i}`, name, outputs[i][name], sequence));
}

/** [sequences][T] @throws EngineError, DivergenceError where they are not finite numbers */
export function completionLogprobs(output: ForwardBackwardOutput, sequences: readonly Sequence[]): Float32Array[] {
  const logprobs = completionOutputs(output, "logprobs", sequences);
  if (!logprobs) throw new EngineError("the answer to a pass gives no logprobs");
  for (const [i, row] of logprobs.entries()) checkFinite(`datum ${i}`, row);
  return logprobs;
}

/** [T] from the logprobs of a prompt that is the whole sequence. @throws EngineError, DivergenceError */
export function scoredCompletion(
  { promptLogprobs }: WireSampleResponse,
  sequence: Sequence,
  where: string,
): Float32Array {
  if (!promptLogprobs) throw new EngineError(`${where}: the server gives no logprobs of a prompt's own tokens`);
  // The first token has none: a gap in most servers' answers, nothing at all in SkyRL's on JAX.
  const isShort = promptLogprobs.length === sequence.prompt.length + sequence.completion.length - 1;
  const told = isShort ? promptLogprobs : promptLogprobs.subarray(1);
  const scored = completionPart(where, "prompt logprobs", told, sequence);
  checkFinite(where, scored);
  return scored;
}

/** Of an optim_step; null where the server tells none. @throws DivergenceError where it is not finite */
export function gradientNorm(
  metrics: Readonly<Record<string, number>>,
  { gradientNorm: name }: Profile,
): number | null {
  const norm = name === null ? undefined : metrics[name];
  if (norm === undefined) return null;
  if (Number.isFinite(norm)) return norm;
  throw new DivergenceError(`the gradient's norm is ${norm}; lower the learning rate`);
}

function completionPart(
  where: string,
  name: string,
  values: Float32Array,
  { prompt, completion }: Sequence,
): Float32Array {
  const expected = prompt.length + completion.length - 1;
  if (values.length !== expected) {
    throw new EngineError(`${where}: expected ${expected} ${name}, found ${values.length}`);
  }
  return values.slice(prompt.length - 1);
}

function checkFinite(where: string, logprobs: Float32Array): void {
  const wrong = logprobs.find((logprob) => !Number.isFinite(logprob));
  if (wrong !== undefined)
    throw new DivergenceError(`${where}: a token's logprob is ${wrong}; lower the learning rate`);
}
