// Draws one token from a distribution. Pure arithmetic on one row of numbers.

/**
 * The token at quantile `uniform` of softmax(logits / temperature), or the likeliest for temperature 0.
 *
 * @param probabilities  [V] at temperature 1
 * @param logprobs       [V] at temperature 1, nats
 * @param uniform        in [0, 1)
 */
export function drawToken(
  probabilities: Float32Array,
  logprobs: Float32Array,
  temperature: number,
  uniform: number,
): number {
  if (temperature === 0) return likeliest(logprobs);
  return atQuantile(temperature === 1 ? probabilities : tempered(logprobs, temperature), uniform);
}

function likeliest(logprobs: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logprobs.length; i++) if (logprobs[i] > logprobs[best]) best = i;
  return best;
}

/** Not normalised: the likeliest token has 1. */
function tempered(logprobs: Float32Array, temperature: number): Float64Array {
  const most = logprobs[likeliest(logprobs)];
  return Float64Array.from(logprobs, (logprob) => Math.exp((logprob - most) / temperature));
}

function atQuantile(masses: Float32Array | Float64Array, uniform: number): number {
  let total = 0;
  for (let i = 0; i < masses.length; i++) total += masses[i];
  let rest = uniform * total;
  let last = 0;
  for (let i = 0; i < masses.length; i++) {
    const mass = masses[i];
    if (mass === 0) continue;
    rest -= mass;
    last = i;
    if (rest < 0) break;
  }
  return last;
}
