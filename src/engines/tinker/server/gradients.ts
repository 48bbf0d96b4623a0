// A planned forward_backward, run on an engine: what the engine gives for completions, and logprobs of the prompts
// before them, put together as the protocol wants them, one number for each token.

import { tokenLosses } from "../../../algorithms/policy-loss.js";
import { sum } from "../../../core/maths.js";
import type { Datum, Engine, Loss, LossOutput } from "../../engine.js";
import type { ForwardBackwardOutput } from "../protocol/records.js";
import type { Plan } from "./datums.js";

type Computing = Pick<Engine, "forwardBackward" | "logprobs">;

export async function forwardBackward(engine: Computing, plan: Plan): Promise<ForwardBackwardOutput> {
  const { loss, logprobs, entropies } = await computed(engine, plan);
  const leads = await leadLogprobs(engine, plan);
  const whole = (index: number, lead: Float32Array, own: Float32Array): Float32Array => {
    const values = new Float32Array(plan.leads[index] + own.length);
    values.set(lead);
    values.set(own, plan.leads[index]);
    return values;
  };
  const nothing = new Float32Array(0);
  return {
    outputs: logprobs.map((own, index) => ({
      logprobs: whole(index, leads[index], own),
      ...(entropies && { entropies: whole(index, nothing, entropies[index]) }),
    })),
    metrics: { "loss:sum": loss },
  };
}

interface Computed {
  readonly loss: number;
  readonly logprobs: readonly Float32Array[];
  /** Null where no gradient was asked for. */
  readonly entropies: LossOutput["entropies"] | null;
}

async function computed(engine: Computing, { datums, loss, forwardOnly }: Plan): Promise<Computed> {
  if (loss.kind === "engine" && !forwardOnly) return await engine.forwardBackward(datums, loss.loss);
  const logprobs = await engine.logprobs(datums);
  if (loss.kind === "engine") return { loss: lossOf(datums, logprobs, loss.loss), logprobs, entropies: null };
  const value = sum(datums.map((datum, index) => droLoss(datum, logprobs[index], loss.beta)));
  if (forwardOnly) return { loss: value, logprobs, entropies: null };
  // The gradient of a loss whose slope at each logprob is known is cross-entropy's with that slope as a weight.
  const sloped = datums.map((datum, index) => ({ ...datum, weights: droSlope(datum, logprobs[index], loss.beta) }));
  const { entropies } = await engine.forwardBackward(sloped, { kind: "cross-entropy" });
  return { loss: value, logprobs, entropies };
}

/** The sum over all tokens, from logprobs alone. */
function lossOf(datums: readonly Datum[], logprobs: readonly Float32Array[], loss: Loss): number {
  return sum(
    datums.map(({ weights, advantages = [], oldLogprobs = [] }, index) => {
      const own = logprobs[index];
      const tokens =
        loss.kind === "cross-entropy"
          ? Array.from(own, (logprob) => -logprob)
          : tokenLosses({ logprobs: own, advantages, oldLogprobs }, loss);
      return sum(tokens.map((token, t) => token * weights[t]));
    }),
  );
}

/** sum_t w_t * -(A p - beta / 2 (p - q)^2) */
function droLoss({ weights, advantages = NONE, oldLogprobs = NONE }: Datum, own: Float32Array, beta: number): number {
  return sum(
    Array.from(own, (logprob, t) => {
      const apart = logprob - oldLogprobs[t];
      return -weights[t] * (advantages[t] * logprob - 0.5 * beta * apart * apart);
    }),
  );
}

/** [T] w_t (A - beta (p - q)): minus the loss's derivative by each logprob. */
function droSlope(datum: Datum, own: Float32Array, beta: number): Float32Array {
  const { weights, advantages = NONE, oldLogprobs = NONE } = datum;
  return own.map((logprob, t) => weights[t] * (advantages[t] - beta * (logprob - oldLogprobs[t])));
}

const NONE = new Float32Array(0);

/** [lead] of each datum; a prompt that many share is scored once. */
async function leadLogprobs(engine: Computing, { datums, leads }: Plan): Promise<Float32Array[]> {
  const places = new Map<string, number>();
  const sequences: Array<{ readonly prompt: readonly number[]; readonly completion: readonly number[] }> = [];
  const at = datums.map(({ prompt }, index) => {
    if (leads[index] === 0) return null;
    const key = prompt.join();
    const known = places.get(key) ?? sequences.length;
    if (known === sequences.length) sequences.push({ prompt: prompt.slice(0, 1), completion: prompt.slice(1) });
    places.set(key, known);
    return known;
  });
  const scored = sequences.length > 0 ? await engine.logprobs(sequences) : [];
  return at.map((place) => (place === null ? NONE : scored[place]));
}
