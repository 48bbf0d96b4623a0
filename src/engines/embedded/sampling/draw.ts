// Draws one token from a distribution. Pure arithmetic on one row of numbers.

/**
 * The token at quantile `uniform` of probabilities^(1 / temperature), or the likeliest for temperature 0.
 *
 * @param probabilities  [V] at temperature 1
 * @param uniform        in [0, 1)
 */
export function drawToken(probabilities: Float32Array, temperature: number, uniform: number): number {
  if (temperature === 0) return likeliest(probabilities);
  return atQuantile(temperature === 1 ? probabilities : tempered(probabilities, temperature), uniform);
}

function likeliest(probabilities: Float32Array): number {
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i] > probabilities[best]) best = i;
  return best;
}

/** Not normalised: the likeliest token has 1. */
function tempered(probabilities: Float32Array, temperature: number): Float64Array {
  const most = probabilities[likeliest(probabilities)];
  return Float64Array.from(probabilities, (probability) => (probability / most) ** (1 / temperature));
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
