// What forward_backward answers, in protocol buffers: the protocol's message ForwardBackwardOutput. The arrays of all
// datums lie end to end for each name, cut apart by byte offsets.

import { bytesOfFloats, bytesOfInt64, bytesPer, dtypeOf, floatsOf, integersOf } from "./arrays.js";
import { limits } from "./datum.js";
import {
  asBytes,
  asDouble,
  asEntry,
  asInteger,
  bytes,
  double,
  eachField,
  entry,
  type Field,
  integer,
  nested,
  type Pieces,
  text,
} from "./protobuf.js";
import { ProtocolError } from "./protocol-error.js";
import type { ForwardBackwardOutput } from "./records.js";

type Outputs = ForwardBackwardOutput["outputs"];

export function outputToProtobuf({ outputs, metrics }: ForwardBackwardOutput): Buffer {
  return Buffer.concat([
    ...text(1, "ArrayRecord"),
    ...(outputs.length > 0 ? nested(2, recordPieces(outputs)) : []),
    ...Object.entries(metrics).flatMap(([key, value]) => entry(3, key, double(2, value))),
  ]);
}

function recordPieces(outputs: Outputs): Pieces {
  const names = [...new Set(outputs.flatMap(Object.keys))];
  const fields = names.flatMap((name) => entry(2, name, nested(2, batchPieces(outputs, name))));
  return [...text(1, "ArrayRecord"), ...fields, ...integer(3, outputs.length)];
}

/** Where a datum lacks the array, an empty one stands. */
function batchPieces(outputs: Outputs, name: string): Pieces {
  const arrays = outputs.map((output) => bytesOfFloats(output[name] ?? new Float32Array(0)));
  const offsets = [0];
  for (const array of arrays) offsets.push(offsets.at(-1)! + array.length);
  return [...bytes(1, Buffer.concat(arrays)), ...bytes(2, bytesOfInt64(offsets)), ...integer(3, 1)];
}

/** Numbers of other types are widened to floats. @throws ProtocolError */
export function outputFromProtobuf(body: Uint8Array): ForwardBackwardOutput {
  const outputs: Array<Record<string, Float32Array>> = [];
  const metrics = new Map<string, number>();
  eachField(body, "output", (field) => {
    if (field.number === 2) outputs.push(...readRecord(asBytes(field, "loss_fn_outputs"), outputs.length));
    if (field.number === 3) {
      const { key, value } = asEntry(field, "metrics");
      metrics.set(key, value === null ? 0 : asDouble(value, `metrics.${key}`));
    }
    if (outputs.length > limits.datums) throw new ProtocolError("loss_fn_outputs", `over ${limits.datums} datums`);
    if (metrics.size > limits.metrics) throw new ProtocolError("metrics", `over ${limits.metrics}`);
  });
  return { outputs, metrics: Object.fromEntries(metrics) };
}

function readRecord(record: Uint8Array, first: number): Array<Record<string, Float32Array>> {
  const fields = new Map<string, Float32Array[]>();
  let said = 0;
  eachField(record, "loss_fn_outputs", (field) => {
    if (field.number === 2) {
      const { key, value } = asEntry(field, "loss_fn_outputs");
      fields.set(key, readBatch(value, `loss_fn_outputs.${key}`));
    }
    if (field.number === 3) said = asInteger(field, "loss_fn_outputs.num_datums");
    if (fields.size > limits.tensors) throw new ProtocolError("loss_fn_outputs", `over ${limits.tensors} arrays`);
  });
  // A server may leave out every array, so the count is its own; servers before the count leave out that.
  const count = said === 0 ? Math.max(0, ...[...fields.values()].map((rows) => rows.length)) : said;
  if (count < 0 || count > limits.datums) throw new ProtocolError("loss_fn_outputs.num_datums", `${count}`);
  for (const [name, rows] of fields) {
    if (rows.length === count) continue;
    throw new ProtocolError(`loss_fn_outputs.${name}`, `${rows.length} arrays for ${count} datums from ${first} on`);
  }
  const named = [...fields];
  return Array.from({ length: count }, (_, at) => Object.fromEntries(named.map(([name, rows]) => [name, rows[at]])));
}

function readBatch(value: Field | null, where: string): Float32Array[] {
  const nothing = new Uint8Array(0);
  const parts: { data: Uint8Array; offsets: Uint8Array; dtype: number } = { data: nothing, offsets: nothing, dtype: 0 };
  eachField(value === null ? nothing : asBytes(value, where), where, (field) => {
    if (field.number === 1) parts.data = asBytes(field, where);
    if (field.number === 2) parts.offsets = asBytes(field, where);
    if (field.number === 3) parts.dtype = asInteger(field, where);
  });
  const dtype = dtypeOf(parts.dtype, where);
  const offsets = integersOf(parts.offsets, "int64", `${where}.offsets`);
  if (offsets.length > limits.datums + 1) throw new ProtocolError(where, `over ${limits.datums} arrays`);
  const floats = floatsOf(parts.data, dtype, where);
  const size = bytesPer(dtype);
  return offsets.slice(1).map((end, at) => {
    const start = offsets[at];
    if (start < 0 || end < start || end > parts.data.length || start % size !== 0 || end % size !== 0) {
      throw new ProtocolError(where, `offsets ${start} to ${end} in ${parts.data.length} bytes of ${dtype}`);
    }
    return floats.subarray(start / size, end / size);
  });
}
