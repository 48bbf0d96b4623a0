// A datum of the wire as the embedded engine takes it. On the wire a sequence is one row of tokens with a number for
// each; the engine wants to know which tokens are the prompt, for it reads a prompt once for all its completions. So the
// leading tokens that count nothing become the prompt.

import { badRequest } from "../../../core/request-error.js";
import type { Datum } from "../../engine.js";
import type { ForwardBackwardRequest, WireDatum } from "../protocol/records.js";
import { type WireLoss, wireLoss } from "./losses.js";

/** What a token id and a length must keep to. */
export interface ModelLimits {
  readonly vocabularySize: number;
  readonly contextLength: number;
}

/** A forward_backward, checked and ready to run. */
export interface Plan {
  readonly loss: WireLoss;
  readonly forwardOnly: boolean;
  readonly datums: readonly Datum[];
  /** For each datum, how many targets its prompt took: [N] on the wire is lead + [T]. */
  readonly leads: readonly number[];
}

/** @throws RequestError naming the datum and the input that cannot be used */
export function planOf(request: ForwardBackwardRequest, limits: ModelLimits): Plan {
  if (request.datums.length === 0) throw badRequest("data: expected at least one datum, found none");
  const { loss, inputs } = wireLoss(request.loss, request.lossConfig);
  const split = request.datums.map((datum, index) => splitDatum(datum, `data[${index}]`, inputs, limits));
  return {
    loss,
    forwardOnly: request.forwardOnly,
    datums: split.map(({ datum }) => datum),
    leads: split.map(({ lead }) => lead),
  };
}

function splitDatum(
  wire: WireDatum,
  where: string,
  inputs: readonly string[],
  limits: ModelLimits,
): { readonly datum: Datum; readonly lead: number } {
  const { modelInput } = wire;
  const targets = targetsOf(wire, where, limits);
  const numbers = (name: string): Float32Array | undefined => numbersOf(wire, where, name);
  const weights = numbers("weights") ?? new Float32Array(targets.length).fill(1);
  const [advantages, logprobs] = ["advantages", "logprobs"].map((name) => {
    const values = inputs.includes(name) ? numbers(name) : undefined;
    if (inputs.includes(name) && !values) throw badRequest(`${where}.loss_fn_inputs: ${name} is missing`);
    return values;
  });
  // Without weights, where the prompt ends shows in what else is 0 there.
  const counts =
    "weights" in wire.lossInputs || !advantages || !logprobs
      ? (at: number) => weights[at] !== 0
      : (at: number) => advantages[at] !== 0 || logprobs[at] !== 0;
  let lead = 0;
  while (lead < targets.length && !counts(lead)) lead++;
  // Nothing counts: then all of it is wanted for its logprobs.
  if (lead === targets.length) lead = 0;
  const datum = {
    prompt: modelInput.slice(0, lead + 1),
    completion: targets.slice(lead),
    weights: weights.subarray(lead),
    ...(advantages && { advantages: advantages.subarray(lead) }),
    ...(logprobs && { oldLogprobs: logprobs.subarray(lead) }),
  };
  return { datum, lead };
}

/** [N] */
function targetsOf({ modelInput, lossInputs }: WireDatum, where: string, limits: ModelLimits): readonly number[] {
  const tensor = lossInputs["target_tokens"];
  if (!tensor) throw badRequest(`${where}.loss_fn_inputs: target_tokens is missing`);
  const targets = Array.from(tensor.data);
  if (modelInput.length === 0) throw badRequest(`${where}.model_input: expected at least one token, found none`);
  if (targets.length !== modelInput.length) {
    throw badRequest(
      `${where}.loss_fn_inputs.target_tokens: ${targets.length} of them for ${modelInput.length} tokens of model_input`,
    );
  }
  checkTokens(`${where}.model_input`, modelInput, limits);
  checkTokens(`${where}.loss_fn_inputs.target_tokens`, targets.slice(-1), limits);
  if (targets.length + 1 > limits.contextLength) {
    throw badRequest(`${where}: ${targets.length + 1} tokens, the model's context is ${limits.contextLength}`);
  }
  const off = targets.findIndex((token, at) => at + 1 < modelInput.length && token !== modelInput[at + 1]);
  if (off >= 0) {
    throw badRequest(
      `${where}.loss_fn_inputs.target_tokens[${off}]: ${targets[off]}, but the token that follows there is ` +
        `${modelInput[off + 1]}: this server trains on the sequence itself, targets shifted by one`,
    );
  }
  return targets;
}

/** [N] */
function numbersOf({ lossInputs, modelInput }: WireDatum, where: string, name: string): Float32Array | undefined {
  const tensor = lossInputs[name];
  if (!tensor) return undefined;
  const place = `${where}.loss_fn_inputs.${name}`;
  if (tensor.data.length !== modelInput.length) {
    throw badRequest(`${place}: ${tensor.data.length} numbers for ${modelInput.length} tokens of model_input`);
  }
  const values = tensor.dtype === "float32" ? tensor.data : Float32Array.from(tensor.data);
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw badRequest(`${place}[${wrong}]: ${values[wrong]} is not a finite number`);
  return values;
}

/** @throws RequestError naming the token that is not in the vocabulary */
export function checkTokens(where: string, tokens: readonly number[], { vocabularySize }: ModelLimits): void {
  const wrong = tokens.findIndex((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
  if (wrong < 0) return;
  throw badRequest(`${where}[${wrong}]: token id ${tokens[wrong]} is not in the vocabulary of ${vocabularySize}`);
}
