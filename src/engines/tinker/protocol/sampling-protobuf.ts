// What sampling answers, in protocol buffers: the protocol's message SampleResponse. (Requests to sample are JSON always.)

import { bytesOfFloats, bytesOfInt32, floatsOf, integersOf } from "./arrays.js";
import { asBytes, asInteger, bytes, eachField, integer, nested, type Pieces } from "./protobuf.js";
import { ProtocolError } from "./protocol-error.js";
import type { SampledSequence, WireSampleResponse } from "./records.js";
import { checkSequence, sampleLimits } from "./sequence.js";

type Topk = NonNullable<WireSampleResponse["topkPromptLogprobs"]>;

/** Fills the cells of a matrix where there is nothing. */
const EMPTY_LOGPROB = -99_999;

export function sampleResponseToProtobuf(response: WireSampleResponse): Buffer {
  const { sequences, promptLogprobs, topkPromptLogprobs } = response;
  return Buffer.concat([
    ...sequences.flatMap((sequence) => nested(1, sequencePieces(sequence))),
    ...(promptLogprobs === null ? [] : nested(2, [bytesOfFloats(promptLogprobs)])),
    ...(topkPromptLogprobs === null ? [] : nested(3, topkPieces(topkPromptLogprobs))),
  ]);
}

function sequencePieces({ stopReason, tokens, logprobs }: SampledSequence): Pieces {
  return [
    ...integer(1, stopReason === "stop" ? 0 : 1),
    ...bytes(2, bytesOfInt32(tokens)),
    ...(logprobs === null ? [] : bytes(3, bytesOfFloats(logprobs))),
  ];
}

function topkPieces(rows: Topk): Pieces {
  // A matrix of no columns would lose its rows.
  const k = Math.max(1, ...rows.map((row) => row?.length ?? 0));
  const cells = rows.flatMap((row) =>
    Array.from({ length: k }, (_, rank) => row?.[rank] ?? ([0, EMPTY_LOGPROB] as const)),
  );
  return [
    ...bytes(1, bytesOfInt32(cells.map(([token]) => token))),
    ...bytes(2, bytesOfFloats(Float32Array.from(cells, ([, logprob]) => logprob))),
    ...integer(3, k),
    ...integer(4, rows.length),
  ];
}

/** @throws ProtocolError */
export function sampleResponseFromProtobuf(body: Uint8Array): WireSampleResponse {
  const sequences: SampledSequence[] = [];
  let promptLogprobs: Float32Array | null = null;
  let topkPromptLogprobs: Topk | null = null;
  eachField(body, "sample", (field) => {
    if (field.number === 1) sequences.push(readSequence(asBytes(field, "sequences"), `sequences[${sequences.length}]`));
    if (field.number === 2) promptLogprobs = readFloats(asBytes(field, "prompt_logprobs"), "prompt_logprobs");
    if (field.number === 3)
      topkPromptLogprobs = readTopk(asBytes(field, "topk_prompt_logprobs"), "topk_prompt_logprobs");
    if (sequences.length > sampleLimits.sequences) {
      throw new ProtocolError("sequences", `more than ${sampleLimits.sequences}`);
    }
  });
  return { sequences, promptLogprobs, topkPromptLogprobs };
}

function readSequence(bytes: Uint8Array, where: string): SampledSequence {
  let stop = 0;
  let tokens: number[] = [];
  let logprobs: Float32Array | null = null;
  eachField(bytes, where, (field) => {
    if (field.number === 1) stop = asInteger(field, where);
    if (field.number === 2) tokens = integersOf(asBytes(field, where), "int32", `${where}.tokens`);
    if (field.number === 3) logprobs = readFloats(asBytes(field, where), `${where}.logprobs`);
  });
  if (stop !== 0 && stop !== 1) throw new ProtocolError(`${where}.stop_reason`, `${stop}; known: 0 (stop), 1 (length)`);
  return checkSequence({ stopReason: stop === 0 ? "stop" : "length", tokens, logprobs }, where);
}

/** None are as good as not said: proto3 writers differ in it. */
function readFloats(bytes: Uint8Array, where: string): Float32Array | null {
  return bytes.length === 0 ? null : floatsOf(bytes, "float32", where);
}

function readTopk(bytes: Uint8Array, where: string): Topk | null {
  let ids: number[] = [];
  let logprobs = new Float32Array(0) as Float32Array;
  let [k, length] = [0, 0];
  eachField(bytes, where, (field) => {
    if (field.number === 1) ids = integersOf(asBytes(field, where), "int32", where);
    if (field.number === 2) logprobs = floatsOf(asBytes(field, where), "float32", where);
    if (field.number === 3) k = asInteger(field, where);
    if (field.number === 4) length = asInteger(field, where);
  });
  if (k === 0 || length === 0) return null;
  if (k < 0 || length < 0 || ids.length !== k * length || logprobs.length !== k * length) {
    throw new ProtocolError(where, `${ids.length} ids and ${logprobs.length} logprobs for ${length} rows of ${k}`);
  }
  return Array.from({ length }, (_, row) => {
    const cells = Array.from({ length: k }, (_, rank) => [ids[row * k + rank], logprobs[row * k + rank]] as const);
    const filled = cells.filter(([id, logprob]) => id !== 0 || logprob !== EMPTY_LOGPROB);
    return filled.length === 0 ? null : filled;
  });
}
