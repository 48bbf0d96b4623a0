// What is asked of the engine, checked before any work begins, so that a mistake is named by its place in the request.

import { EngineError, ShapeError } from "../../core/errors.js";
import type { Datum, HiddenStateRequest, Loss } from "../engine.js";
import { lossFields } from "./decoder/losses.js";
import type { DecoderConfig } from "./model/config.js";
import type { Sequence } from "./training/batches.js";
import type { TrainingSequence } from "./training/trainer.js";

/** @throws EngineError naming the token that is not in the vocabulary */
export function checkTokens(where: string, tokens: readonly number[], { vocabularySize }: DecoderConfig): void {
  const wrong = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
  if (wrong !== undefined)
    throw new EngineError(`${where}: token id ${wrong} is not in the vocabulary of ${vocabularySize}`);
}

/** @throws EngineError, ShapeError naming the sequence */
export function checkSequences(sequences: readonly Sequence[], config: DecoderConfig): void {
  for (const [index, { prompt, completion }] of sequences.entries()) {
    checkTokens(`sequence ${index}`, [...prompt, ...completion], config);
    if (prompt.length === 0)
      throw new ShapeError(`sequence ${index}: its prompt is empty; it needs a token to start from`);
    if (completion.length === 0) throw new ShapeError(`sequence ${index}: its completion is empty`);
    const length = prompt.length + completion.length;
    if (length > config.contextLength) {
      throw new EngineError(`sequence ${index}: ${length} tokens, the model's context is ${config.contextLength}`);
    }
  }
}

/** @throws EngineError, ShapeError naming the sequence or layer */
export function checkHiddenStates(
  sequences: readonly HiddenStateRequest[],
  layers: readonly number[],
  config: DecoderConfig,
): void {
  const layer = layers.find((wanted) => !Number.isInteger(wanted) || wanted < 0 || wanted > config.layers);
  if (layer !== undefined) throw new EngineError(`layer ${layer}: the model has layers 0 to ${config.layers}`);
  if (layers.length === 0) throw new ShapeError("no layer is asked for");
  for (const [index, { tokens, positions }] of sequences.entries()) {
    checkTokens(`sequence ${index}`, tokens, config);
    if (tokens.length > config.contextLength) {
      throw new EngineError(
        `sequence ${index}: ${tokens.length} tokens, the model's context is ${config.contextLength}`,
      );
    }
    const outside = positions.find((at) => !Number.isInteger(at) || at < 0 || at >= tokens.length);
    if (outside !== undefined || tokens.length === 0) {
      throw new ShapeError(`sequence ${index}: position ${outside ?? "?"} is not among its ${tokens.length} tokens`);
    }
  }
}

/** A datum as the trainer takes it. @throws ShapeError naming the array that does not fit its completion */
export function trainingSequence(datum: Datum, loss: Loss, index: number): TrainingSequence {
  const { prompt, completion, weights } = datum;
  const check = (name: string, values: Float32Array | undefined): Float32Array => {
    if (values?.length === completion.length) return values;
    const found = values ? `${values.length} values` : "nothing";
    throw new ShapeError(`datum ${index}: ${name}: expected ${completion.length} values, found ${found}`);
  };
  const fields = Object.fromEntries(lossFields(loss).map((field) => [field, check(field, datum[field])]));
  return { prompt, completion, weights: check("weights", weights), fields };
}

/** False where the gradient is exactly zero, so that only logprobs are computed: every objective is linear in A. */
export function hasGradient({ weights, fields }: TrainingSequence, loss: Loss): boolean {
  const { advantages } = fields;
  const onlyAdvantages = loss.kind === "policy" && loss.klCoefficient <= 0;
  return weights.some((weight, index) => weight !== 0 && !(onlyAdvantages && advantages?.[index] === 0));
}
