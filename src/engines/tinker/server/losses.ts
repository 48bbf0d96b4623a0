// The protocol's losses as the embedded engine's: names, inputs and settings there, an objective and clipping here. Both
// are plain sums over tokens. Formulas and defaults are those that the hosted service documents; `gspo` is SkyRL's.

import { badRequest } from "../../../core/request-error.js";
import type { Loss } from "../../engine.js";

/** A loss of the engine, or one that is made of two passes (gradients.ts). */
export type WireLoss =
  | { readonly kind: "engine"; readonly loss: Loss }
  /** -(A p - beta / 2 (p - q)^2): p the logprob now, q the one given   (the protocol's `dro`) */
  | { readonly kind: "dro"; readonly beta: number };

type Settings = (name: string, otherwise?: number) => number;

interface Definition {
  readonly settings: readonly string[];
  /** What a datum brings beside its targets; `weights` may always stand beside them. */
  readonly inputs: readonly ("advantages" | "logprobs")[];
  readonly make: (settings: Settings) => WireLoss;
}

/** Above every ratio that the engine computes: exp(20). */
const UNBOUNDED = 1e10;

const LOW = "clip_low_threshold";
const HIGH = "clip_high_threshold";
const POLICY_INPUTS = ["advantages", "logprobs"] as const;

type PolicyLoss = Extract<Loss, { kind: "policy" }>;

/** The protocol's thresholds bound the ratio itself, the engine's its distance from 1. */
function policy(objective: PolicyLoss["objective"], low: number, high: number): WireLoss {
  if (!(low <= high)) throw badRequest(`loss_fn_config: ${LOW} is ${low}, above ${HIGH}, which is ${high}`);
  const clipping = { clipLow: 1 - low, clipHigh: high - 1, dualClip: null };
  return { kind: "engine", loss: { kind: "policy", objective, ...clipping, klCoefficient: 0, klEstimator: "k3" } };
}

const DEFINITIONS: Readonly<Record<string, Definition>> = {
  cross_entropy: { settings: [], inputs: [], make: () => ({ kind: "engine", loss: { kind: "cross-entropy" } }) },
  importance_sampling: { settings: [], inputs: POLICY_INPUTS, make: () => policy("token-ratio", 0, UNBOUNDED) },
  ppo: {
    settings: [LOW, HIGH],
    inputs: POLICY_INPUTS,
    make: (setting) => policy("token-ratio", setting(LOW, 0.8), setting(HIGH, 1.2)),
  },
  cispo: {
    settings: [LOW, HIGH],
    inputs: POLICY_INPUTS,
    make: (setting) => policy("clipped-weight", setting(LOW, 0), setting(HIGH, 4)),
  },
  gspo: {
    settings: [LOW, HIGH],
    inputs: POLICY_INPUTS,
    make: (setting) => policy("sequence-ratio", setting(LOW, 0.8), setting(HIGH, 1.2)),
  },
  dro: { settings: ["beta"], inputs: POLICY_INPUTS, make: (setting) => ({ kind: "dro", beta: setting("beta") }) },
};

/** @throws RequestError naming the loss or the setting that is not known here */
export function wireLoss(
  name: string,
  config: Readonly<Record<string, number>>,
): { readonly loss: WireLoss; readonly inputs: Definition["inputs"] } {
  const definition = Object.hasOwn(DEFINITIONS, name) ? DEFINITIONS[name] : undefined;
  if (!definition) {
    throw badRequest(`loss_fn: "${name.slice(0, 80)}" is none of ${Object.keys(DEFINITIONS).join(", ")}`);
  }
  const unknown = Object.keys(config).find((key) => !definition.settings.includes(key));
  if (unknown !== undefined) {
    const known = definition.settings.join(", ") || "nothing";
    throw badRequest(`loss_fn_config: ${name} knows ${known}; found "${unknown.slice(0, 80)}"`);
  }
  const loss = definition.make((key, otherwise) => {
    const value = Object.hasOwn(config, key) ? config[key] : otherwise;
    if (value === undefined) throw badRequest(`loss_fn_config: ${name} needs ${key}`);
    if (!(Number.isFinite(value) && value >= 0)) {
      throw badRequest(`loss_fn_config: ${key} is ${value}, expected a number of at least 0`);
    }
    return value;
  });
  return { loss, inputs: definition.inputs };
}
