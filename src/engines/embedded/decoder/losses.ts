// The losses as graphs over token logprobs. Plain sums with one weight a token: every normaliser is in the weights.

import type { Loss } from "../../engine.js";
import type { Graph, Value } from "../graph/graph.js";
import { add, choose, clip, exponential, maximum, multiply, negate, subtract } from "../operators/elementwise.js";

const LOG_RATIO_BOUND = 20;
const K3_BOUND = 10;

/** What each completion token brings, [K] each. */
export interface LossInputs {
  readonly logprobs: Value;
  readonly weights: Value;
  /** Made only for the losses that ask: "advantages", "oldLogprobs", "referenceLogprobs". */
  readonly field: (name: LossField) => Value;
}

export type LossField = "advantages" | "oldLogprobs" | "referenceLogprobs";

/** The fields of a datum that this loss reads. */
export function lossFields(loss: Loss): readonly LossField[] {
  if (loss.kind === "cross-entropy") return [];
  const fields: LossField[] = ["advantages", "oldLogprobs"];
  return loss.klCoefficient > 0 ? [...fields, "referenceLogprobs"] : fields;
}

/** Each token's weighted loss, [K]; the formulas stand at `Loss` in engine.ts. */
export function tokenLosses(graph: Graph, inputs: LossInputs, loss: Loss): Value {
  switch (loss.kind) {
    case "cross-entropy":
      return multiply(graph, negate(graph, inputs.logprobs), inputs.weights);
    case "policy": {
      const clipped = clippedPolicyLoss(graph, inputs, loss);
      if (loss.klCoefficient <= 0) return multiply(graph, clipped, inputs.weights);
      const coefficient = graph.emit("Mul", [inputs.weights, graph.scalar(loss.klCoefficient)], inputs.weights.shape);
      const divergence = multiply(graph, k3(graph, inputs.logprobs, inputs.field("referenceLogprobs")), coefficient);
      return add(graph, multiply(graph, clipped, inputs.weights), divergence);
    }
    default:
      return loss satisfies never;
  }
}

/** max(-A r, -A clip(r)), for A < 0 at most -A dualClip      (verl core_algos.py, compute_policy_loss_vanilla) */
function clippedPolicyLoss(graph: Graph, inputs: LossInputs, loss: Extract<Loss, { kind: "policy" }>): Value {
  const advantages = inputs.field("advantages");
  const cost = negate(graph, advantages);
  const logRatio = subtract(graph, inputs.logprobs, inputs.field("oldLogprobs"));
  const ratio = exponential(graph, clip(graph, logRatio, -LOG_RATIO_BOUND, LOG_RATIO_BOUND));
  const bounded = clip(graph, ratio, 1 - loss.clipLow, 1 + loss.clipHigh);
  const worse = maximum(graph, multiply(graph, cost, ratio), multiply(graph, cost, bounded));
  if (loss.dualClip === null) return worse;
  const most = graph.emit("Mul", [cost, graph.scalar(loss.dualClip)], cost.shape);
  const bad = graph.emit("Less", [advantages, graph.scalar(0)], cost.shape, { type: "bool" });
  const over = graph.emit("Greater", [worse, most], cost.shape, { type: "bool" });
  return choose(graph, graph.emit("And", [bad, over], cost.shape, { type: "bool" }), most, worse);
}

/** exp(d) - d - 1, d = reference - logprob clamped to +-20, the result to +-10      (Schulman 2020, k3) */
function k3(graph: Graph, logprobs: Value, reference: Value): Value {
  const difference = clip(graph, subtract(graph, reference, logprobs), -LOG_RATIO_BOUND, LOG_RATIO_BOUND);
  const value = subtract(graph, subtract(graph, exponential(graph, difference), difference), graph.scalar(1));
  return clip(graph, value, -K3_BOUND, K3_BOUND);
}
