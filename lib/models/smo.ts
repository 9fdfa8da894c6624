/** A two-class problem for a support vector machine. */
export interface SmoProblem {
  /** The kernel between all rows, `count * count` values; symmetric, positive semi-definite. */
  kernel: Float32Array;
  /** Class of each row: +1 or -1. */
  signs: ArrayLike<number>;
  /** Largest alpha of each row: C times its weight. */
  limits: ArrayLike<number>;
}

export interface SmoSolution {
  /** One per row; rows above 0 are support vectors. */
  alphas: Float64Array;
  /** The decision is `sum of signs[i] * alphas[i] * k(x[i], x) - rho`: above 0 for the class +1. */
  rho: number;
  /** Mean hinge loss of the rows, `max(0, 1 - sign * decision)`. */
  loss: number;
}

/** Replaces a curvature that is not above 0, as in libsvm. */
const TAU = 1e-12;

/**
 * Trains a support vector machine for two classes (C-SVC): the alphas that minimise
 *
 * sum_ij alpha_i alpha_j s_i s_j k_ij / 2 - sum_i alpha_i, with 0 <= alpha_i <= limit_i and sum_i s_i alpha_i = 0
 *
 * by sequential minimal optimisation: two alphas at a time, chosen by the gradient and the curvature between them (Fan, Chen
 * and Lin, Working Set Selection Using Second Order Information, JMLR 6, 2005), until no pair violates the conditions of the
 * minimum by more than `tolerance`. This is the algorithm of libsvm, and so of scikit-learn's `SVC`, without its cache and
 * shrinking. Deterministic.
 *
 * @param problem see {@link SmoProblem}
 * @param tolerance default 1e-3, libsvm's
 * @example solveSmo({ kernel: Float32Array.of(1, 0.1, 0.1, 1), signs: [1, -1], limits: [1, 1] }).alphas // [1, 1]
 */
export function solveSmo(problem: SmoProblem, tolerance = 1e-3): SmoSolution {
  const machine = new Machine(problem);
  const most = Math.max(MOST_STEPS, 100 * problem.signs.length);
  for (let step = 0; step < most && machine.improve(tolerance); step++);
  return machine.solution();
}

/** Each step lowers the objective, so it ends by itself; the limit is for steps below machine precision. */
const MOST_STEPS = 10_000_000;

class Machine {
  readonly #kernel: Float32Array;
  /** The kernel's diagonal. */
  readonly #diagonal: Float64Array;
  readonly #signs: Float64Array;
  readonly #limits: Float64Array;
  readonly #alphas: Float64Array;
  /** The gradient of each alpha, times its sign: the decision before rho, minus the sign. */
  readonly #slopes: Float64Array;

  constructor({ kernel, signs, limits }: SmoProblem) {
    const n = signs.length;
    this.#kernel = kernel;
    this.#diagonal = Float64Array.from({ length: n }, (_, i) => kernel[i * n + i]!);
    this.#signs = Float64Array.from(signs);
    this.#limits = Float64Array.from(limits);
    this.#alphas = new Float64Array(n);
    this.#slopes = this.#signs.map((sign) => -sign);
  }

  /** Updates the pair of alphas that lowers the objective most; false at the minimum. */
  improve(tolerance: number): boolean {
    const signs = this.#signs;
    const slopes = this.#slopes;
    const kernel = this.#kernel;
    const i = this.#steepest();
    const j = i < 0 ? -1 : this.#partner(i, tolerance);
    if (j < 0) return false;
    const n = signs.length;
    const [a, b] = [i * n, j * n];
    const curvature = this.#diagonal[i]! + this.#diagonal[j]! - 2 * kernel[a + j]!;
    const wanted = (slopes[j]! - slopes[i]!) / Math.max(curvature, TAU);
    const step = Math.min(wanted, this.#room(i, signs[i]!), this.#room(j, -signs[j]!));
    this.#move(i, step * signs[i]!);
    this.#move(j, -step * signs[j]!);
    for (let k = 0; k < n; k++) slopes[k]! += step * (kernel[a + k]! - kernel[b + k]!);
    return true;
  }

  /** Of the alphas that can move in the direction of their signs, the one with the lowest slope; -1 for none. */
  #steepest(): number {
    let first = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#slopes.length; i++) {
      const slope = this.#slopes[i]!;
      if (slope >= lowest || this.#room(i, this.#signs[i]!) <= 0) continue;
      lowest = slope;
      first = i;
    }
    return first;
  }

  /** Of the alphas that can move against their signs, the one with the largest `difference^2 / curvature`; -1 at the minimum. */
  #partner(i: number, tolerance: number): number {
    const slopes = this.#slopes;
    const kernel = this.#kernel;
    const diagonal = this.#diagonal;
    const lowest = slopes[i]!;
    const row = i * slopes.length;
    let second = -1;
    let best = 0;
    let widest = 0;
    for (let j = 0; j < slopes.length; j++) {
      const difference = slopes[j]! - lowest;
      if (difference <= 0 || this.#room(j, -this.#signs[j]!) <= 0) continue;
      if (difference > widest) widest = difference;
      const curvature = Math.max(diagonal[i]! + diagonal[j]! - 2 * kernel[row + j]!, TAU);
      const gain = (difference * difference) / curvature;
      if (gain <= best) continue;
      best = gain;
      second = j;
    }
    return widest < tolerance ? -1 : second;
  }

  /** How far an alpha can go up (direction 1) or down (-1). */
  #room(i: number, direction: number): number {
    return direction > 0 ? this.#limits[i]! - this.#alphas[i]! : this.#alphas[i]!;
  }

  /** Changes an alpha; near a bound it is set exactly to the bound. */
  #move(i: number, by: number): void {
    const limit = this.#limits[i]!;
    const to = this.#alphas[i]! + by;
    const near = 1e-12 * limit;
    this.#alphas[i] = to < near ? 0 : to > limit - near ? limit : to;
  }

  solution(): SmoSolution {
    const rho = this.#offset();
    const losses = this.#slopes.map((slope, i) => Math.max(0, this.#signs[i]! * (rho - slope)));
    return { alphas: this.#alphas, rho, loss: losses.reduce((a, b) => a + b, 0) / losses.length };
  }

  /** rho: the mean slope of the alphas between their bounds, else the middle of the interval that those at the bounds allow. */
  #offset(): number {
    let sum = 0;
    let free = 0;
    let low = Number.NEGATIVE_INFINITY;
    let high = Number.POSITIVE_INFINITY;
    for (const [i, slope] of this.#slopes.entries()) {
      const up = this.#room(i, this.#signs[i]!) > 0;
      const down = this.#room(i, -this.#signs[i]!) > 0;
      if (up && down) {
        sum += slope;
        free++;
      } else if (up) high = Math.min(high, slope);
      else low = Math.max(low, slope);
    }
    return free > 0 ? sum / free : (low + high) / 2;
  }
}
