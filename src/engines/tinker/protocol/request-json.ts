// A forward_backward request in JSON: what servers without protocol buffers take. Values alone are another request there,
// `forward`, with another key for what is the same input.

import { z } from "zod";
import { checkDatum, checkShape, checkTokens, limits, unsupported } from "./datum.js";
import { fit, floatsFrom, integersFrom, numbersOf, parseBody } from "./json.js";
import { ProtocolError } from "./protocol-error.js";
import type { ForwardBackwardRequest, Tensor, WireDatum } from "./records.js";

/** The body of POST forward_backward, or of POST forward where only values are asked for. */
export function requestToJson(request: ForwardBackwardRequest): Buffer {
  const input = {
    data: request.datums.map(datumToJson),
    loss_fn: request.loss,
    ...(Object.keys(request.lossConfig).length > 0 && { loss_fn_config: request.lossConfig }),
  };
  const key = request.forwardOnly ? "forward_input" : "forward_backward_input";
  return Buffer.from(JSON.stringify({ model_id: request.modelId, seq_id: request.sequenceId, [key]: input }));
}

function datumToJson({ modelInput, lossInputs }: WireDatum): unknown {
  const tensors = Object.entries(lossInputs).map(([name, tensor]) => [name, tensorToJson(tensor)]);
  return { model_input: inputToJson(modelInput), loss_fn_inputs: Object.fromEntries(tensors) };
}

/** Tokens as the protocol's model input. */
export function inputToJson(tokens: readonly number[]): unknown {
  return { chunks: [{ type: "encoded_text", tokens }] };
}

function tensorToJson({ dtype, data }: Tensor): unknown {
  return { data: dtype === "float32" ? numbersOf(data) : data, dtype, shape: [data.length] };
}

const list = z.custom<readonly unknown[]>(Array.isArray, "expected a list");
export const modelInputSchema = z.object({
  chunks: z.array(z.object({ type: z.string().optional(), tokens: list.optional() })).max(65_536),
});
const tensorSchema = z.object({
  data: list,
  dtype: z.enum(["float32", "int64"]),
  shape: z.array(z.int()).max(limits.dimensions).nullish(),
  sparse_crow_indices: z.unknown().optional(),
  sparse_col_indices: z.unknown().optional(),
});
const inputSchema = z.object({
  data: z
    .array(z.object({ model_input: modelInputSchema, loss_fn_inputs: z.record(z.string(), tensorSchema) }))
    .max(limits.datums),
  loss_fn: z.string(),
  loss_fn_config: z.record(z.string(), z.number()).nullish(),
});
const requestSchema = z.object({
  model_id: z.string(),
  seq_id: z.int().nullish(),
  forward_backward_input: inputSchema.nullish(),
  forward_input: inputSchema.nullish(),
});

/** @throws ProtocolError */
export function requestFromJson(body: Uint8Array): ForwardBackwardRequest {
  const request = fit(requestSchema, parseBody(body, "request"), "request");
  const input = request.forward_backward_input ?? request.forward_input;
  if (!input) throw new ProtocolError("request", "neither forward_backward_input nor forward_input");
  return {
    modelId: request.model_id,
    sequenceId: request.seq_id ?? 0,
    datums: input.data.map((datum, at) => datumFromJson(datum, `data[${at}]`)),
    loss: input.loss_fn,
    lossConfig: input.loss_fn_config ?? {},
    forwardOnly: !request.forward_backward_input,
  };
}

function datumFromJson(datum: z.output<typeof inputSchema>["data"][number], where: string): WireDatum {
  const tensors = Object.entries(datum.loss_fn_inputs).map(([name, tensor]) => [
    name,
    tensorFromJson(tensor, `${where}.loss_fn_inputs.${name}`),
  ]);
  const modelInput = inputFromJson(datum.model_input, `${where}.model_input`);
  return checkDatum({ modelInput, lossInputs: Object.fromEntries(tensors) }, where);
}

function tensorFromJson(tensor: z.output<typeof tensorSchema>, where: string): Tensor {
  const { dtype, data, shape } = tensor;
  if ((tensor.sparse_crow_indices ?? tensor.sparse_col_indices ?? null) !== null) {
    throw unsupported("a sparse tensor", where);
  }
  checkShape(shape ?? [], data.length, where);
  return dtype === "float32" ? { dtype, data: floatsFrom(data, where) } : { dtype, data: integersFrom(data, where) };
}

/** The tokens of all text chunks. @throws ProtocolError */
export function inputFromJson(input: z.output<typeof modelInputSchema>, where: string): readonly number[] {
  const chunks = input.chunks.map(({ type = "encoded_text", tokens }) => {
    if (type !== "encoded_text" || tokens === undefined) throw unsupported(`a chunk "${type.slice(0, 40)}"`, where);
    return checkTokens(tokens as readonly number[], where);
  });
  return chunks.length === 1 ? chunks[0] : chunks.flat();
}
