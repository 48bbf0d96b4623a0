// A forward_backward request in protocol buffers: the protocol's message ForwardBackwardRequest, fields by number. Text
// chunks and dense tensors only.

import { bytesOfFloats, bytesOfInt32, bytesOfInt64, dtypeOf, dtypes, floatsOf, integersOf } from "./arrays.js";
import { checkDatum, checkShape, limits, unsupported } from "./datum.js";
import {
  asBytes,
  asDouble,
  asEntry,
  asInteger,
  asIntegers,
  asText,
  double,
  eachField,
  entry,
  type Field,
  integer,
  integers,
  nested,
  type Pieces,
  text,
} from "./protobuf.js";
import { ProtocolError } from "./protocol-error.js";
import type { ForwardBackwardRequest, Tensor, WireDatum } from "./records.js";

export function requestToProtobuf(request: ForwardBackwardRequest): Buffer {
  const config = Object.entries(request.lossConfig);
  return Buffer.concat([
    ...text(1, request.modelId),
    ...integer(2, request.sequenceId),
    ...request.datums.flatMap((datum) => nested(3, datumPieces(datum))),
    ...text(4, request.loss),
    // Written twice, as the official client does: older servers know the first form alone, newer ones prefer the second.
    ...config.flatMap(([key, value]) => entry(5, key, double(2, value))),
    ...integer(6, Number(request.forwardOnly)),
    ...config.flatMap(([key, value]) => entry(7, key, nested(2, double(1, value)))),
  ]);
}

function datumPieces({ modelInput, lossInputs }: WireDatum): Pieces {
  const encodedText = nested(1, nested(1, [bytesOfInt32(modelInput)]));
  const tensors = Object.entries(lossInputs);
  return [
    ...nested(1, encodedText),
    ...tensors.flatMap(([name, tensor]) => entry(2, name, nested(2, tensorPieces(tensor)))),
  ];
}

function tensorPieces(tensor: Tensor): Pieces {
  const dense = tensor.dtype === "float32" ? bytesOfFloats(tensor.data) : bytesOfInt64(tensor.data);
  return [...nested(1, [dense]), ...integer(3, dtypes.indexOf(tensor.dtype)), ...integers(4, [tensor.data.length])];
}

/** @throws ProtocolError */
export function requestFromProtobuf(body: Uint8Array): ForwardBackwardRequest {
  const datums: WireDatum[] = [];
  const older = new Map<string, number>();
  const newer = new Map<string, number>();
  let [modelId, sequenceId, loss, forwardOnly] = ["", 0, "", false];
  eachField(body, "request", (field) => {
    if (field.number === 1) modelId = asText(field, "model_id");
    if (field.number === 2) sequenceId = asInteger(field, "seq_id");
    if (field.number === 3) datums.push(readDatum(asBytes(field, "data"), `data[${datums.length}]`));
    if (field.number === 4) loss = asText(field, "loss_fn");
    if (field.number === 5) readSetting(field, older, (value, where) => asDouble(value, where));
    if (field.number === 6) forwardOnly = asInteger(field, "forward_only") !== 0;
    if (field.number === 7) readSetting(field, newer, readConfigValue);
    if (datums.length > limits.datums) throw new ProtocolError("data", `more than ${limits.datums} datums`);
  });
  const lossConfig = Object.fromEntries(newer.size > 0 ? newer : older);
  return { modelId, sequenceId, datums, loss, lossConfig, forwardOnly };
}

function readSetting(field: Field, settings: Map<string, number>, read: (value: Field, where: string) => number): void {
  const { key, value } = asEntry(field, "loss_fn_config");
  settings.set(key, value === null ? 0 : read(value, `loss_fn_config.${key}`));
  if (settings.size > limits.configKeys)
    throw new ProtocolError("loss_fn_config", `over ${limits.configKeys} settings`);
}

function readConfigValue(value: Field, where: string): number {
  let number: number | null = null;
  eachField(asBytes(value, where), where, (field) => {
    if (field.number === 1) number = asDouble(field, where);
    if (field.number === 2)
      throw new ProtocolError(where, "a text: no loss known here takes one, a number is expected");
  });
  if (number === null) throw new ProtocolError(where, "empty: a number is expected");
  return number;
}

function readDatum(bytes: Uint8Array, where: string): WireDatum {
  const chunks: number[][] = [];
  const tensors = new Map<string, Tensor>();
  eachField(bytes, where, (field) => {
    if (field.number === 1) {
      const tokens = readChunk(asBytes(field, `${where}.model_input`), `${where}.model_input`);
      if (tokens.length > 0) chunks.push(tokens);
    }
    if (field.number === 2) {
      const { key, value } = asEntry(field, `${where}.loss_fn_inputs`);
      tensors.set(key, readTensor(value, `${where}.loss_fn_inputs.${key}`));
    }
    if (tensors.size > limits.tensors) throw new ProtocolError(where, `over ${limits.tensors} tensors`);
  });
  const modelInput = chunks.length === 1 ? chunks[0] : chunks.flat();
  return checkDatum({ modelInput, lossInputs: Object.fromEntries(tensors) }, where);
}

function readChunk(chunk: Uint8Array, where: string): number[] {
  let tokens: number[] = [];
  eachField(chunk, where, (field) => {
    if (field.number === 2) throw unsupported("an image", where);
    if (field.number === 3) throw unsupported("audio", where);
    if (field.number !== 1) return;
    eachField(asBytes(field, where), where, (part) => {
      if (part.number === 1) tokens = integersOf(asBytes(part, where), "int32", where);
    });
  });
  return tokens;
}

function readTensor(entryValue: Field | null, where: string): Tensor {
  const parts: { dense: Uint8Array; dtype: number; shape: number[] } = {
    dense: new Uint8Array(0),
    dtype: 0,
    shape: [],
  };
  eachField(entryValue === null ? parts.dense : asBytes(entryValue, where), where, (field) => {
    if (field.number === 1) parts.dense = asBytes(field, where);
    if (field.number === 2) throw unsupported("a sparse tensor", where);
    if (field.number === 3) parts.dtype = asInteger(field, where);
    if (field.number === 4) parts.shape.push(...asIntegers(field, where, limits.dimensions));
    if (parts.shape.length > limits.dimensions) throw new ProtocolError(where, `over ${limits.dimensions} dimensions`);
  });
  const dtype = dtypeOf(parts.dtype, where);
  const tensor: Tensor =
    dtype === "float32" || dtype === "bfloat16"
      ? { dtype: "float32", data: floatsOf(parts.dense, dtype, where) }
      : { dtype: "int64", data: integersOf(parts.dense, dtype, where) };
  checkShape(parts.shape, tensor.data.length, where);
  return tensor;
}
