// Reverse-mode differentiation: walks a graph's tape backwards and adds the nodes that compute gradients to the same
// graph, so that one run gives loss and gradients. The derivative of each operation stands beside it (operators/).
// First derivatives only.

import type { Graph, Value } from "./graph.js";

/**
 * Adds the gradients of `loss` with respect to each of `wanted`.
 *
 * @param loss    scalar
 * @returns       one value for each wanted, of its shape; undefined where the loss does not depend on it
 */
export function gradients(graph: Graph, loss: Value, wanted: readonly Value[]): Array<Value | undefined> {
  return backpropagate(graph, new Map([[loss.name, graph.scalar(1)]]), wanted);
}

/**
 * Takes the graph's tape and adds the nodes that carry gradients back along it.
 *
 * @param seeds   name of a value -> the gradient that arrives there
 * @returns       one value for each wanted, of its shape; undefined where nothing arrives
 */
export function backpropagate(
  graph: Graph,
  seeds: ReadonlyMap<string, Value>,
  wanted: readonly Value[],
): Array<Value | undefined> {
  const found = new Map(seeds);
  const tape = graph.tape.splice(0);
  for (const { inputs, outputs, backward } of tape.toReversed()) {
    if (!outputs.some((output) => found.has(output.name))) continue;
    const results = backward(outputs.map((output) => found.get(output.name) ?? zerosLike(graph, output)));
    for (const [index, gradient] of results.entries()) {
      const input = inputs[index];
      if (!gradient || !input?.tracked) continue;
      const sofar = found.get(input.name);
      found.set(input.name, sofar ? graph.emit("Add", [sofar, gradient], input.shape) : gradient);
    }
    graph.tape.length = 0;
  }
  return wanted.map((value) => found.get(value.name));
}

function zerosLike(graph: Graph, value: Value): Value {
  const shape = graph.emit("Shape", [value], [value.shape.length], { type: "int64" });
  return graph.emit("ConstantOfShape", [shape], value.shape);
}
