// What is asked of the engine, checked before anything is sent, so that a mistake is named by its place in the request.

import { EngineError, ShapeError } from "../../../core/errors.js";
import type { Datum, Loss, ModelInfo } from "../../engine.js";
import type { Sequence } from "./passes.js";

/** @throws EngineError, ShapeError naming the sequence */
export function checkSequences(sequences: readonly Sequence[], { contextLength }: ModelInfo): void {
  for (const [index, { prompt, completion }] of sequences.entries()) {
    if (prompt.length === 0 || completion.length === 0) {
      throw new ShapeError(`sequence ${index}: its ${prompt.length === 0 ? "prompt" : "completion"} is empty`);
    }
    const length = prompt.length + completion.length;
    if (length > contextLength) {
      throw new EngineError(`sequence ${index}: ${length} tokens, the model's context is ${contextLength}`);
    }
  }
}

/** @throws EngineError, ShapeError naming the datum and the array that does not fit its completion */
export function checkDatums(datums: readonly Datum[], loss: Loss, model: ModelInfo): void {
  checkSequences(datums, model);
  for (const [index, datum] of datums.entries()) {
    for (const field of fieldsOf(loss)) {
      const found = datum[field]?.length ?? 0;
      if (found === datum.completion.length) continue;
      throw new ShapeError(`datum ${index}: ${field}: expected ${datum.completion.length} values, found ${found}`);
    }
  }
}

function fieldsOf(loss: Loss): ReadonlyArray<"weights" | "advantages" | "oldLogprobs" | "referenceLogprobs"> {
  if (loss.kind === "cross-entropy") return ["weights"];
  const fields = ["weights", "advantages", "oldLogprobs"] as const;
  return loss.klCoefficient > 0 ? [...fields, "referenceLogprobs"] : fields;
}
