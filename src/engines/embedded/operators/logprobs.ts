// From what the head reads to the log-probability of one token a row, and the entropy of its distribution. A large
// vocabulary is taken in parts, so that a part's logits are all that is in memory: running maximum and sums (Milakov &
// Gimelshein 2018, "Online normalizer calculation for softmax"), and the part's logits again for its gradient.

import type { Graph, Value } from "../graph/graph.js";
import { after } from "../graph/stage.js";
import { matmul, weightGradient } from "./matmul.js";
import { sumLast } from "./reduction.js";

export interface TokenLogprobs {
  /** [K] nats */
  readonly chosen: Value;
  /** [K] nats; no gradient flows through it */
  readonly entropies: Value;
}

/**
 * @param logits   [K, V]
 * @param targets  [K, 1] int32
 */
export function tokenLogprobs(graph: Graph, logits: Value, targets: Value): TokenLogprobs {
  const rows = logits.shape[0];
  const all = graph.emit("LogSoftmax", [logits], logits.shape, { attributes: { axis: -1 } });
  const shares = graph.emit("Exp", [all], all.shape);
  const parts = graph.emit("Mul", [shares, all], all.shape);
  const entropies = graph.emit("Neg", [flat(graph, sumLast(graph, parts))], [rows]);
  const picked = graph.emit("GatherElements", [all, targets], [rows, 1], { attributes: { axis: 1 } });
  const result = after(graph, flat(graph, picked), [entropies]);
  const chosen = graph.record(result, [logits], (gradient) => {
    const column = graph.emit("Reshape", [gradient, graph.integers([-1, 1])], [rows, 1]);
    const negative = graph.emit("Neg", [column], [rows, 1]);
    const spread = graph.emit("Mul", [shares, negative], logits.shape);
    return [scatterAdd(graph, spread, targets, column)];
  });
  return { chosen, entropies };
}

/**
 * The same for logits x W^T, whose W comes in parts of its rows.
 *
 * @param x        [K, D]
 * @param parts    [c, D] each, which make up W [V, D]
 * @param targets  [K, 1] int32
 */
export function tokenLogprobsInParts(graph: Graph, x: Value, parts: readonly Value[], targets: Value): TokenLogprobs {
  const rows = x.shape[0];
  const starts = parts.map((_, index) => parts.slice(0, index).reduce((sum, { shape }) => sum + Number(shape[0]), 0));
  const within = (index: number) => localTargets(graph, targets, starts[index], Number(parts[index].shape[0]));
  let sofar: Running | undefined;
  for (const [index, part] of parts.entries()) {
    const late = sofar ? after(graph, x, [sofar.weighted, sofar.picked]) : x;
    const own = partStatistics(graph, logitsOf(graph, late, part), within(index));
    sofar = sofar ? joined(graph, sofar, own) : own;
  }
  if (!sofar) throw new RangeError("a vocabulary needs at least one part");
  const { most, sum, weighted, picked } = sofar;
  const column = (operator: string, a: Value, b: Value): Value => graph.emit(operator, [a, b], [rows, 1]);
  const logSum = graph.emit("Log", [sum], [rows, 1]);
  const normaliser = column("Add", most, logSum);
  const entropies = flat(graph, column("Sub", logSum, column("Div", weighted, sum)));
  const result = after(graph, flat(graph, column("Sub", picked, normaliser)), [entropies]);
  const chosen = graph.record(result, [x, ...parts], (gradient) => {
    const arriving = graph.emit("Reshape", [gradient, graph.integers([-1, 1])], [rows, 1]);
    const negative = graph.emit("Neg", [arriving], [rows, 1]);
    let before: Value = arriving;
    let toX: Value | undefined;
    const toParts = parts.map((part, index) => {
      const late = after(graph, x, [before]);
      const logits = logitsOf(graph, late, part);
      const shares = graph.emit("Exp", [graph.emit("Sub", [logits, normaliser], logits.shape)], logits.shape);
      const spread = graph.emit("Mul", [shares, negative], logits.shape);
      const { at, inside } = within(index);
      const own = graph.emit("Where", [inside, arriving, graph.scalar(0)], [rows, 1]);
      const slope = scatterAdd(graph, spread, at, own);
      const toPart = part.tracked ? weightGradient(graph, slope, late) : undefined;
      const step = matmul(graph, slope, part);
      toX = toX ? graph.emit("Add", [toX, step], x.shape) : step;
      if (toPart) toX = after(graph, toX, [toPart]);
      before = toX;
      return toPart;
    });
    return [toX, ...toParts];
  });
  return { chosen, entropies };
}

/** Of the logits z seen so far, [K, 1] each. */
interface Running {
  /** max z */
  readonly most: Value;
  /** sum exp(z - most) */
  readonly sum: Value;
  /** sum exp(z - most) (z - most) */
  readonly weighted: Value;
  /** The target's logit where it was seen, otherwise 0. */
  readonly picked: Value;
}

interface LocalTargets {
  /** [K, 1] int32, the target's place in the part, or any place in it. */
  readonly at: Value;
  /** [K, 1] bool, whether the target is in the part. */
  readonly inside: Value;
}

function logitsOf(graph: Graph, x: Value, part: Value): Value {
  return matmul(graph, { ...x, tracked: false }, { ...part, tracked: false }, { transposeB: true });
}

function localTargets(graph: Graph, targets: Value, start: number, count: number): LocalTargets {
  const integer = (value: number): Value => graph.constant("int32", [], Int32Array.of(value));
  const place = graph.emit("Sub", [targets, integer(start)], targets.shape, { type: "int32" });
  const at = graph.emit("Clip", [place, integer(0), integer(count - 1)], targets.shape, { type: "int32" });
  return { at, inside: graph.emit("Equal", [at, place], targets.shape, { type: "bool" }) };
}

function partStatistics(graph: Graph, logits: Value, { at, inside }: LocalTargets): Running {
  const column = [logits.shape[0], 1];
  const most = graph.emit("ReduceMax", [logits, graph.integers([-1])], column, { attributes: { keepdims: 1 } });
  const gathered = graph.emit("GatherElements", [logits, at], column, { attributes: { axis: 1 } });
  const picked = graph.emit("Where", [inside, gathered, graph.scalar(0)], column);
  const below = graph.emit("Sub", [logits, most], logits.shape);
  const shares = graph.emit("Exp", [below], logits.shape);
  const weighted = sumLast(graph, graph.emit("Mul", [shares, below], logits.shape));
  return { most, sum: sumLast(graph, shares), weighted, picked };
}

function joined(graph: Graph, a: Running, b: Running): Running {
  const { shape } = a.most;
  const column = (operator: string, x: Value, y: Value): Value => graph.emit(operator, [x, y], shape);
  const most = column("Max", a.most, b.most);
  const shrunk = ({ most: own, sum, weighted }: Running): { sum: Value; weighted: Value } => {
    const shift = column("Sub", own, most);
    const factor = graph.emit("Exp", [shift], shape);
    const moved = column("Add", weighted, column("Mul", sum, shift));
    return { sum: column("Mul", factor, sum), weighted: column("Mul", factor, moved) };
  };
  const [first, second] = [shrunk(a), shrunk(b)];
  return {
    most,
    sum: column("Add", first.sum, second.sum),
    weighted: column("Add", first.weighted, second.weighted),
    picked: column("Add", a.picked, b.picked),
  };
}

function scatterAdd(graph: Graph, x: Value, at: Value, added: Value): Value {
  return graph.emit("ScatterElements", [x, at, added], x.shape, { attributes: { axis: 1, reduction: "add" } });
}

/** [K, 1] -> [K] */
function flat(graph: Graph, column: Value): Value {
  return graph.emit("Reshape", [column, graph.integers([-1])], [column.shape[0]]);
}
