// The losses as graphs over token logprobs. Plain sums with one weight a token: every normaliser is in the weights. The
// formulas stand at `Loss` in engine.ts and in algorithms/; here they are operators.

import type { KlEstimator } from "../../../algorithms/kl.js";
import type { Loss } from "../../engine.js";
import type { Graph, Value } from "../graph/graph.js";
import { add, choose, clip, exponential, maximum, multiply, negate, subtract } from "../operators/elementwise.js";
import { matmul } from "../operators/matmul.js";
import { reshape } from "../operators/shape.js";

const LOG_RATIO_BOUND = 20;
const LOG_SEQUENCE_RATIO_BOUND = 10;
const K3_BOUND = 10;

/** What each completion token brings, [K] each. */
export interface LossInputs {
  readonly logprobs: Value;
  readonly weights: Value;
  /** Made only for the losses that ask: see {@link lossFields}. */
  readonly field: (name: LossField) => Value;
  /** Made only where {@link readsSequences}. */
  readonly sequences: () => SequenceInputs;
}

export interface SequenceInputs {
  /** [F, K] 1 where a token is the sequence's own and counts. */
  readonly members: Value;
  /** [K] 1 / (tokens of its sequence that count), 0 where it does not count. */
  readonly shares: Value;
}

export type LossField = "advantages" | "oldLogprobs" | "referenceLogprobs";

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

/** The fields of a datum that this loss reads. */
export function lossFields(loss: Loss): readonly LossField[] {
  if (loss.kind === "cross-entropy") return [];
  const fields: LossField[] = ["advantages", "oldLogprobs"];
  return loss.klCoefficient > 0 ? [...fields, "referenceLogprobs"] : fields;
}

/** Whether tokens of one sequence enter each other's loss. */
export function readsSequences(loss: Loss): boolean {
  return loss.kind === "policy" && loss.objective === "sequence-ratio";
}

/** Each token's weighted loss, [K]. */
export function tokenLosses(graph: Graph, inputs: LossInputs, loss: Loss): Value {
  switch (loss.kind) {
    case "cross-entropy":
      return multiply(graph, negate(graph, inputs.logprobs), inputs.weights);
    case "policy": {
      const policy = multiply(graph, policyLoss(graph, inputs, loss), inputs.weights);
      if (loss.klCoefficient <= 0) return policy;
      const coefficient = graph.emit("Mul", [inputs.weights, graph.scalar(loss.klCoefficient)], inputs.weights.shape);
      const estimate = KL[loss.klEstimator](graph, inputs.logprobs, inputs.field("referenceLogprobs"));
      return add(graph, policy, multiply(graph, estimate, coefficient));
    }
    default:
      return loss satisfies never;
  }
}

function policyLoss(graph: Graph, inputs: LossInputs, loss: PolicyLoss): Value {
  const logRatio = subtract(graph, inputs.logprobs, inputs.field("oldLogprobs"));
  const tokenRatio = (): Value => exponential(graph, clip(graph, logRatio, -LOG_RATIO_BOUND, LOG_RATIO_BOUND));
  switch (loss.objective) {
    case "token-ratio":
      return clippedLoss(graph, inputs, tokenRatio(), loss);
    case "sequence-ratio":
      return clippedLoss(graph, inputs, sequenceRatio(graph, inputs, logRatio), loss);
    case "clipped-weight": {
      const weight = clip(graph, tokenRatio(), 1 - loss.clipLow, 1 + loss.clipHigh);
      const cost = negate(graph, multiply(graph, detached(weight), inputs.field("advantages")));
      return multiply(graph, cost, inputs.logprobs);
    }
    default:
      return loss.objective satisfies never;
  }
}

/** max(-A r, -A clip(r)), for A < 0 at most -A dualClip      (verl core_algos.py, compute_policy_loss_vanilla) */
function clippedLoss(graph: Graph, inputs: LossInputs, ratio: Value, loss: PolicyLoss): Value {
  const advantages = inputs.field("advantages");
  const cost = negate(graph, advantages);
  const bounded = clip(graph, ratio, 1 - loss.clipLow, 1 + loss.clipHigh);
  const worse = maximum(graph, multiply(graph, cost, ratio), multiply(graph, cost, bounded));
  if (loss.dualClip === null) return worse;
  const most = graph.emit("Mul", [cost, graph.scalar(loss.dualClip)], cost.shape);
  const bad = graph.emit("Less", [advantages, graph.scalar(0)], cost.shape, { type: "bool" });
  const over = graph.emit("Greater", [worse, most], cost.shape, { type: "bool" });
  return choose(graph, graph.emit("And", [bad, over], cost.shape, { type: "bool" }), most, worse);
}

/** exp(mean of its sequence's log-ratios) at every token, [K]; a product with ones and zeros makes sums of one order. */
function sequenceRatio(graph: Graph, inputs: LossInputs, logRatio: Value): Value {
  const [tokens] = logRatio.shape;
  const { members, shares } = inputs.sequences();
  const sums = matmul(graph, members, reshape(graph, logRatio, [tokens, 1]));
  const spread = reshape(graph, matmul(graph, members, sums, { transposeA: true }), [tokens]);
  const means = multiply(graph, spread, shares);
  return exponential(graph, clip(graph, means, -LOG_RATIO_BOUND, LOG_SEQUENCE_RATIO_BOUND));
}

type Estimator = (graph: Graph, logprobs: Value, reference: Value) => Value;

/** Estimators of KL(policy || reference), [K]      (Schulman 2020; clamps as in verl core_algos.py) */
const KL: Readonly<Record<KlEstimator, Estimator>> = {
  k1: (graph, logprobs, reference) => {
    const value = detached(subtract(graph, logprobs, reference));
    const slope = KL.k2(graph, logprobs, reference);
    return add(graph, slope, subtract(graph, value, detached(slope)));
  },
  k2: (graph, logprobs, reference) => {
    const difference = subtract(graph, logprobs, reference);
    return multiply(graph, multiply(graph, difference, difference), graph.scalar(0.5));
  },
  /** d = reference - logprob clamped to +-20, the result to +-10 */
  k3: (graph, logprobs, reference) => {
    const difference = clip(graph, subtract(graph, reference, logprobs), -LOG_RATIO_BOUND, LOG_RATIO_BOUND);
    const value = subtract(graph, subtract(graph, exponential(graph, difference), difference), graph.scalar(1));
    return clip(graph, value, -K3_BOUND, K3_BOUND);
  },
};

/** The same number, through which no gradient flows. */
function detached(value: Value): Value {
  return { ...value, tracked: false };
}
