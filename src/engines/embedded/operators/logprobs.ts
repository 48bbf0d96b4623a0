// From logits to the log-probability of one token a row.

import type { Graph, Value } from "../graph/graph.js";

/**
 * Log-probabilities of one token a row.
 *
 * @param logits   [K, V]
 * @param targets  [K, 1] int32
 * @returns        `chosen` [K]; `all` [K, V], which no gradient flows through
 */
export function tokenLogprobs(graph: Graph, logits: Value, targets: Value): { chosen: Value; all: Value } {
  const rows = logits.shape[0];
  const all = graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } });
  const picked = graph.emit("GatherElements", [all, targets], [rows, 1], { attributes: { axis: 1 } });
  const flat = graph.emit("Reshape", [picked, graph.integers([-1])], [rows]);
  const chosen = graph.record(flat, [logits], (gradient) => {
    const column = graph.emit("Reshape", [gradient, graph.integers([-1, 1])], [rows, 1]);
    const negative = graph.emit("Neg", [column], [rows, 1]);
    const spread = graph.emit("Mul", [graph.emit("Exp", [all], logits.shape), negative], logits.shape);
    return [
      graph.emit("ScatterElements", [spread, targets, column], logits.shape, {
        attributes: { axis: 1, reduction: "add" },
      }),
    ];
  });
  return { chosen, all };
}
