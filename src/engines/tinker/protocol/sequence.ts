// What holds of a sampled sequence however it was written.

import { checkTokens } from "./datum.js";
import { ProtocolError } from "./protocol-error.js";
import type { SampledSequence } from "./records.js";

export const sampleLimits = { sequences: 65_536, seeds: 65_536, stops: 1_024 } as const;

/** @throws ProtocolError unless there is a logprob for each token, or none at all */
export function checkSequence(sequence: SampledSequence, where: string): SampledSequence {
  const { stopReason, tokens, logprobs } = sequence;
  checkTokens(tokens, `${where}.tokens`);
  // No logprobs of no tokens are all of them.
  if (tokens.length === 0) return { stopReason, tokens, logprobs: new Float32Array(0) };
  if (logprobs === null || logprobs.length === 0) return { stopReason, tokens, logprobs: null };
  if (logprobs.length === tokens.length) return sequence;
  throw new ProtocolError(`${where}.logprobs`, `${logprobs.length} for ${tokens.length} tokens`);
}
