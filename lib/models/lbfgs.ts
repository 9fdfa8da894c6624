/** Value and gradient of a function at a point. */
export interface ValueAndGradient {
  value: number;
  gradient: Float64Array;
}

export interface MinimiseOptions {
  /** Stops when no component of the gradient is larger in absolute value; default 1e-5. */
  tolerance?: number;
  /** Default 500. */
  maxIterations?: number;
  /** Stops between iterations. */
  signal?: AbortSignal;
  /** Called before each iteration with the number of iterations done and the largest component of the gradient. */
  onIteration?: (iterations: number, slope: number) => void;
}

/** Number of stored pairs of steps and gradient changes. */
const MEMORY = 10;

/**
 * Minimises a smooth convex function by L-BFGS (Liu and Nocedal 1989) with backtracking. Deterministic; stops when no component of
 * the gradient is above `tolerance`.
 *
 * @param f value and gradient
 * @param start initial parameters; not changed
 * @param options see {@link MinimiseOptions}
 * @example await minimise((x) => ({ value: x[0] ** 2, gradient: Float64Array.of(2 * x[0]) }), Float64Array.of(3)) // [0]
 */
export async function minimise(
  f: (x: Float64Array) => ValueAndGradient,
  start: Float64Array,
  { tolerance = 1e-5, maxIterations = 500, signal, onIteration }: MinimiseOptions = {},
): Promise<Float64Array> {
  let x = start;
  let at = f(x);
  const pairs: { s: Float64Array; y: Float64Array; rho: number }[] = [];
  for (let iteration = 0; iteration < maxIterations && largest(at.gradient) > tolerance; iteration++) {
    await new Promise(setImmediate); // lets a Ctrl-C through
    signal?.throwIfAborted();
    onIteration?.(iteration, largest(at.gradient));
    const direction = descent(at.gradient, pairs);
    const slope = dot(direction, at.gradient);
    // The first direction is the gradient itself, which has no natural length.
    let step = pairs.length === 0 ? Math.min(1, 1 / largest(direction)) : 1;
    let next = along(x, step, direction);
    let there = f(next);
    while (!(there.value <= at.value + 1e-4 * step * slope)) {
      step /= 2;
      // The values no longer change: this is the minimum to machine precision.
      if (step < 1e-12) return x;
      next = along(x, step, direction);
      there = f(next);
    }
    const s = difference(next, x);
    const y = difference(there.gradient, at.gradient);
    const curvature = dot(s, y);
    if (curvature > 0) pairs.push({ s, y, rho: 1 / curvature });
    if (pairs.length > MEMORY) pairs.shift();
    x = next;
    at = there;
  }
  return x;
}

/** The direction of the next step: minus the gradient times the inverse Hessian estimated from the pairs (two loops). */
function descent(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.map((value) => -value);
  const alphas: number[] = [];
  for (const { s, y, rho } of pairs.slice().reverse()) {
    const alpha = rho * dot(s, q);
    alphas.unshift(alpha);
    add(q, -alpha, y);
  }
  const last = pairs.at(-1);
  if (last) {
    const scale = 1 / (last.rho * dot(last.y, last.y));
    for (let i = 0; i < q.length; i++) q[i]! *= scale;
  }
  pairs.forEach(({ s, y, rho }, i) => {
    add(q, alphas[i]! - rho * dot(y, q), s);
  });
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** a += factor * b */
function add(a: Float64Array, factor: number, b: Float64Array): void {
  for (let i = 0; i < a.length; i++) a[i]! += factor * b[i]!;
}

function along(x: Float64Array, step: number, direction: Float64Array): Float64Array {
  const out = x.slice();
  add(out, step, direction);
  return out;
}

function difference(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]!);
}

function largest(values: Float64Array): number {
  let out = 0;
  for (const value of values) out = Math.max(out, Math.abs(value));
  return out;
}
