// Operators on each element by itself. No broadcasting: a tracked operand has the shape of the result.

import type { Graph, Value } from "../graph/graph.js";

export function add(graph: Graph, a: Value, b: Value): Value {
  return graph.record(graph.emit("Add", [a, b], a.shape), [a, b], (gradient) => [gradient, gradient]);
}

export function subtract(graph: Graph, a: Value, b: Value): Value {
  return graph.record(graph.emit("Sub", [a, b], a.shape), [a, b], (gradient) => [gradient, negate(graph, gradient)]);
}

export function multiply(graph: Graph, a: Value, b: Value): Value {
  const times = (gradient: Value, other: Value): Value => graph.emit("Mul", [gradient, other], a.shape);
  return graph.record(graph.emit("Mul", [a, b], a.shape), [a, b], (gradient) => [
    a.tracked ? times(gradient, b) : undefined,
    b.tracked ? times(gradient, a) : undefined,
  ]);
}

export function negate(graph: Graph, x: Value): Value {
  return graph.record(graph.emit("Neg", [x], x.shape), [x], (gradient) => [negate(graph, gradient)]);
}

export function exponential(graph: Graph, x: Value): Value {
  const result = graph.emit("Exp", [x], x.shape);
  return graph.record(result, [x], (gradient) => [graph.emit("Mul", [gradient, result], x.shape)]);
}

/** The gradient passes where low <= x <= high, as in PyTorch's clamp. */
export function clip(graph: Graph, x: Value, low: number, high: number): Value {
  const [least, most] = [graph.scalar(low), graph.scalar(high)];
  return graph.record(graph.emit("Clip", [x, least, most], x.shape), [x], (gradient) => {
    const above = graph.emit("GreaterOrEqual", [x, least], x.shape, { type: "bool" });
    const below = graph.emit("LessOrEqual", [x, most], x.shape, { type: "bool" });
    const inside = graph.emit("And", [above, below], x.shape, { type: "bool" });
    return [graph.emit("Where", [inside, gradient, graph.scalar(0)], x.shape)];
  });
}

/** The larger of two; a tie's gradient goes to `a`. */
export function maximum(graph: Graph, a: Value, b: Value): Value {
  const chosen = graph.emit("GreaterOrEqual", [a, b], a.shape, { type: "bool" });
  return choose(graph, chosen, a, b);
}

/** `a` where `chosen` (a bool of the same shape), `b` elsewhere. */
export function choose(graph: Graph, chosen: Value, a: Value, b: Value): Value {
  const zero = graph.scalar(0);
  return graph.record(graph.emit("Where", [chosen, a, b], a.shape), [a, b], (gradient) => [
    graph.emit("Where", [chosen, gradient, zero], a.shape),
    graph.emit("Where", [chosen, zero, gradient], a.shape),
  ]);
}

/** silu(gate) * up, silu(x) = x sigmoid(x)      (Shazeer 2020, "SwiGLU") */
export function swiglu(graph: Graph, gate: Value, up: Value): Value {
  const each = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], gate.shape);
  const sigmoid = graph.emit("Sigmoid", [gate], gate.shape);
  const silu = each("Mul", gate, sigmoid);
  return graph.record(each("Mul", silu, up), [gate, up], (gradient) => {
    // silu' = s + silu (1 - s)
    const slope = each("Sub", each("Add", sigmoid, silu), each("Mul", silu, sigmoid));
    return [each("Mul", each("Mul", gradient, up), slope), each("Mul", gradient, silu)];
  });
}
