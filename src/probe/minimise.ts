// L-BFGS for smooth functions of a few thousand numbers (Nocedal and Wright, Numerical Optimization, algorithms 7.4 and
// 7.5, with a backtracking line search). Nothing random: the same function and start give the same bits. Not for training
// models.

/** The function's value at x; writes its gradient there. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

export interface MinimiseOptions {
  readonly iterations: number;
  /** It ends where no entry of the gradient is larger. */
  readonly tolerance: number;
  /** Multiplies a gradient, in place, by about the inverse of the Hessian; by nothing where there is none. */
  readonly flatten?: (gradient: Float64Array) => void;
}

interface Pair {
  /** x' - x and gradient' - gradient of one step, and 1 / (step . change). */
  readonly step: Float64Array;
  readonly change: Float64Array;
  readonly scale: number;
}

const MEMORY = 10;
const SUFFICIENT_DECREASE = 1e-4;
const MAX_HALVINGS = 30;

/** Where the function is least, as far as the options let it look; a convex one has no other such place. */
export function minimise(f: Smooth, start: Float64Array, options: MinimiseOptions): Float64Array {
  const { iterations, tolerance, flatten } = options;
  let x = Float64Array.from(start);
  let gradient = new Float64Array(x.length);
  let value = f(x, gradient);
  const pairs: Pair[] = [];
  for (let iteration = 0; iteration < iterations && largest(gradient) > tolerance; iteration++) {
    const direction = descent(gradient, pairs, flatten);
    const slope = dot(gradient, direction);
    const next = new Float64Array(x.length);
    const nextGradient = new Float64Array(x.length);
    let nextValue = Number.POSITIVE_INFINITY;
    // Without a history nothing is known of the scale: the first step moves by one unit at most.
    let length = pairs.length === 0 && !flatten ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    for (let halvings = 0; halvings <= MAX_HALVINGS; halvings++, length /= 2) {
      for (let i = 0; i < x.length; i++) next[i] = x[i] + length * direction[i];
      nextValue = f(next, nextGradient);
      if (nextValue <= value + SUFFICIENT_DECREASE * length * slope) break;
    }
    if (!(nextValue < value)) break;
    remember(pairs, x, next, gradient, nextGradient);
    [x, gradient, value] = [next, nextGradient, nextValue];
  }
  return x;
}

/** Minus the approximate inverse Hessian times the gradient. */
function descent(
  gradient: Float64Array,
  pairs: readonly Pair[],
  flatten: MinimiseOptions["flatten"] = () => {},
): Float64Array {
  const direction = gradient.map((entry) => -entry);
  const shares = new Float64Array(pairs.length);
  for (let i = pairs.length - 1; i >= 0; i--) {
    shares[i] = pairs[i].scale * dot(pairs[i].step, direction);
    add(direction, pairs[i].change, -shares[i]);
  }
  flatten(direction);
  const last = pairs.at(-1);
  if (last) {
    const change = Float64Array.from(last.change);
    flatten(change);
    const scale = 1 / (last.scale * dot(last.change, change));
    for (let i = 0; i < direction.length; i++) direction[i] *= scale;
  }
  for (const [i, { step, change, scale }] of pairs.entries()) {
    add(direction, step, shares[i] - scale * dot(change, direction));
  }
  return direction;
}

function remember(pairs: Pair[], x: Float64Array, next: Float64Array, g: Float64Array, nextG: Float64Array): void {
  const step = next.map((entry, i) => entry - x[i]);
  const change = nextG.map((entry, i) => entry - g[i]);
  const curvature = dot(step, change);
  // What is not convex along a step would make the approximation indefinite.
  if (curvature <= 1e-12 * dot(change, change)) return;
  pairs.push({ step, change, scale: 1 / curvature });
  if (pairs.length > MEMORY) pairs.shift();
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i] += times * what[i];
}

function dot(a: Float64Array, b: Float64Array): number {
  let total = 0;
  for (let i = 0; i < a.length; i++) total += a[i] * b[i];
  return total;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}
