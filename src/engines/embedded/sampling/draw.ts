// Draws one token from a distribution. Pure arithmetic on one row of numbers.

/**
 * The token at quantile `uniform` of probabilities^(1 / temperature), or the likeliest for temperature 0.
 *
 * With `topP` below 1 only the nucleus is drawn from: the fewest likeliest tokens whose tempered probabilities reach
 * topP, of equals those with the lower id   (Holtzman et al. 2020, arXiv 1904.09751 eq. 2; deviates: none)
 *
 * @param probabilities  [V] at temperature 1
 * @param uniform        in [0, 1)
 * @param topP           in (0, 1]
 */
export function drawToken(probabilities: Float32Array, temperature: number, uniform: number, topP = 1): number {
  if (temperature === 0) return likeliest(probabilities);
  const masses = temperature === 1 ? probabilities : tempered(probabilities, temperature);
  return atQuantile(topP < 1 ? nucleus(masses, topP) : masses, uniform);
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

/** The masses of the nucleus, 0 elsewhere. */
function nucleus(masses: Float32Array | Float64Array, topP: number): Float64Array {
  const total = sum(masses);
  // All tokens below this together are less than the rest may be: none of them is needed, and few are left to sort.
  const least = ((1 - topP) * total) / masses.length;
  const candidates: number[] = [];
  for (let i = 0; i < masses.length; i++) if (masses[i] >= least) candidates.push(i);
  candidates.sort((a, b) => masses[b] - masses[a] || a - b);
  const kept = new Float64Array(masses.length);
  let reached = 0;
  for (const token of candidates) {
    kept[token] = masses[token];
    reached += masses[token];
    if (reached >= topP * total) break;
  }
  return kept;
}

function atQuantile(masses: Float32Array | Float64Array, uniform: number): number {
  let rest = uniform * sum(masses);
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

function sum(masses: Float32Array | Float64Array): number {
  let total = 0;
  for (let i = 0; i < masses.length; i++) total += masses[i];
  return total;
}
