// Operators that scale a row by what the whole row holds.

import type { Graph, Value } from "../graph/graph.js";
import { lastOne, sumLast, sumLeading } from "./reduction.js";

/** Over the last axis. */
export function softmax(graph: Graph, x: Value): Value {
  const result = graph.emit("Softmax", [x], x.shape, { attributes: { axis: -1 } });
  return graph.record(result, [x], (gradient) => {
    const product = graph.emit("Mul", [gradient, result], x.shape);
    const centred = graph.emit("Mul", [result, sumLast(graph, product)], x.shape);
    return [graph.emit("Sub", [product, centred], x.shape)];
  });
}

/** x / sqrt(mean(x^2) + epsilon) * weight      (Zhang & Sennrich 2019, eq. 4) */
export function rmsNorm(graph: Graph, x: Value, weight: Value, epsilon: number): Value {
  const [result, inverse] = graph.emitMany("SimplifiedLayerNormalization", [x, weight], [x.shape, lastOne(x.shape)], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  }) as unknown as [Value, Value];
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], x.shape);
  return graph.record(result, [x, weight], (gradient) => {
    const normal = each("Mul", x, inverse);
    const scaled = each("Mul", gradient, weight);
    const mean = graph.emit("ReduceMean", [each("Mul", scaled, normal), graph.integers([-1])], lastOne(x.shape), {
      attributes: { keepdims: 1 },
    });
    return [
      each("Mul", each("Sub", scaled, each("Mul", normal, mean)), inverse),
      weight.tracked ? sumLeading(graph, each("Mul", gradient, normal), weight.shape) : undefined,
    ];
  });
}
