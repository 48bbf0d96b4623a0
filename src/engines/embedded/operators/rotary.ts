// Rotary position embedding.

import type { Graph, Value } from "../graph/graph.js";

export interface RotaryTables {
  /** [positions, headSize / 2] */
  readonly cosine: Value;
  readonly sine: Value;
  readonly negativeSine: Value;
}

/**
 * Rotates the two halves of each head by position (RoFormer, "half" layout as in Hugging Face).
 *
 * @param x         [M, 1, heads * headSize]
 * @param position  [M, 1] int64
 */
export function rotary(graph: Graph, x: Value, position: Value, tables: RotaryTables): Value {
  const result = graph.emit("RotaryEmbedding", [x, position, tables.cosine, tables.sine], x.shape, {
    domain: "com.microsoft",
    attributes: { interleaved: 0 },
  });
  const back = { ...tables, sine: tables.negativeSine, negativeSine: tables.sine };
  return graph.record(result, [x], (gradient) => [rotary(graph, gradient, position, back)]);
}
