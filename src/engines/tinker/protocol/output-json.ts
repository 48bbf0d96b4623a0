// What forward_backward answers, in JSON.

import { z } from "zod";
import { limits } from "./datum.js";
import { fit, floatsFrom, numbersOf, parseBody } from "./json.js";
import type { ForwardBackwardOutput } from "./records.js";

export function outputToJson({ outputs, metrics }: ForwardBackwardOutput): Buffer {
  const rows = outputs.map((output) =>
    Object.fromEntries(
      Object.entries(output).map(([name, data]) => [
        name,
        { data: numbersOf(data), dtype: "float32", shape: [data.length] },
      ]),
    ),
  );
  return Buffer.from(JSON.stringify({ loss_fn_output_type: "ArrayRecord", loss_fn_outputs: rows, metrics }));
}

const arraySchema = z.object({ data: z.custom<readonly unknown[]>(Array.isArray, "expected a list") });
const outputSchema = z.object({
  loss_fn_outputs: z.array(z.record(z.string(), arraySchema)).max(limits.datums),
  metrics: z.record(z.string(), z.number().nullable()).nullish(),
});

/** @throws ProtocolError */
export function outputFromJson(body: Uint8Array): ForwardBackwardOutput {
  const answer = fit(outputSchema, parseBody(body, "output"), "output");
  return {
    outputs: answer.loss_fn_outputs.map((output, at) =>
      Object.fromEntries(
        Object.entries(output).map(([name, { data }]) => [name, floatsFrom(data, `loss_fn_outputs[${at}].${name}`)]),
      ),
    ),
    metrics: Object.fromEntries(Object.entries(answer.metrics ?? {}).map(([key, value]) => [key, value ?? Number.NaN])),
  };
}
