// What is written of a step token by token: where each token lies in the completion, its logprob when it was sampled, and
// what the loss made of it. For looking at; nothing reads it back into training.

import type { Datum, LossOutput, Tokenizer } from "../engines/engine.js";
import type { TokenRecord } from "../runs/records.js";
import type { Batch } from "./roll-out.js";
import { tokenLengths } from "./token-lengths.js";

const DIGITS = 4;

/** A datum of the step's newest update of it, and the logprobs there. */
interface Learnt {
  readonly datum: Datum;
  readonly logprobs: Float32Array;
}

/** What the updates of one step saw, by the completion that a datum was made from. */
export class TokenLog {
  readonly #learnt = new Map<readonly number[], Learnt>();

  /** One update's datums and what came of them. */
  add(datums: readonly Datum[], { logprobs }: LossOutput): void {
    for (const [i, datum] of datums.entries()) this.#learnt.set(datum.completion, { datum, logprobs: logprobs[i] });
  }

  of(completion: readonly number[]): Learnt | undefined {
    return this.#learnt.get(completion);
  }
}

export function* tokenRecords(tokenizer: Tokenizer, { learnt, left }: Batch, log: TokenLog): Generator<TokenRecord> {
  for (const [group, { rollouts }] of [...learnt, ...left].entries()) {
    for (const [sample, rollout] of rollouts.entries()) {
      const { tokens, logprobs } = rollout.sample;
      yield {
        group,
        sample,
        lengths: tokenLengths(tokenizer, tokens, rollout.completion),
        logprobs: Array.from(logprobs, rounded),
        ...lossPart(log.of(tokens)),
      };
    }
  }
}

function lossPart(learnt: Learnt | undefined): Pick<TokenRecord, "ratios" | "advantages"> {
  if (!learnt) return { ratios: null, advantages: null };
  const { oldLogprobs, advantages } = learnt.datum;
  const ratios = oldLogprobs && learnt.logprobs.map((logprob, t) => Math.exp(logprob - oldLogprobs[t]));
  return { ratios: columnOf(ratios), advantages: columnOf(advantages) };
}

/** The value itself where all are the same. */
function columnOf(values: Float32Array | undefined): number | number[] | null {
  if (!values) return null;
  const column = Array.from(values, rounded);
  return column.length > 0 && column.every((value) => value === column[0]) ? column[0] : column;
}

function rounded(value: number): number {
  return Number(value.toFixed(DIGITS));
}
