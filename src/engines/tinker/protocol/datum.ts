// What holds of a datum however it was written: how large it may be, and that its parts fit each other.

import { ProtocolError, shown } from "./protocol-error.js";
import type { WireDatum } from "./records.js";

/** Of one message; far above what the protocol's chunks hold, and low enough that counts alone fill no memory. */
export const limits = { datums: 16_384, tensors: 64, dimensions: 8, configKeys: 256, metrics: 4_096 } as const;

const TOKEN_LIMIT = 2 ** 31;

/** @throws ProtocolError unless there are tokens, and a number of each tensor for every one of them */
export function checkDatum(datum: WireDatum, where: string): WireDatum {
  const { modelInput, lossInputs } = datum;
  if (modelInput.length === 0) throw new ProtocolError(`${where}.model_input`, "no tokens");
  checkTokens(modelInput, `${where}.model_input`);
  const entries = Object.entries(lossInputs);
  if (entries.length > limits.tensors) throw new ProtocolError(`${where}.loss_fn_inputs`, `${entries.length} tensors`);
  for (const [name, { data }] of entries) {
    if (data.length !== modelInput.length) {
      const found = `${data.length} numbers for ${modelInput.length} tokens: one each is expected`;
      throw new ProtocolError(`${where}.loss_fn_inputs.${name}`, found);
    }
  }
  return datum;
}

/** @throws ProtocolError unless all are token ids */
export function checkTokens(tokens: readonly number[], where: string): readonly number[] {
  for (let at = 0; at < tokens.length; at++) {
    if (!Number.isInteger(tokens[at]) || tokens[at] < 0 || tokens[at] >= TOKEN_LIMIT) {
      throw new ProtocolError(where, `[${at}] is ${shown(tokens[at])}: a token id is expected`);
    }
  }
  return tokens;
}

/** @throws ProtocolError unless `shape`, where it is given, is that of a row of `length` numbers */
export function checkShape(shape: readonly number[], length: number, where: string): void {
  if (shape.length === 0 || (shape.length === 1 && shape[0] === length)) return;
  throw new ProtocolError(where, `shape [${shape.join(", ")}] for ${length} numbers: one number a token is expected`);
}

/** What the protocol has and this project has not. */
export function unsupported(what: string, where: string): ProtocolError {
  return new ProtocolError(where, `${what}: only text tokens and dense float32 and int64 tensors are supported`);
}
