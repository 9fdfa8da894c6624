/**
 * The complementary error function, 1 - erf(x), to about 14 digits: a series of positive terms near 0,
 * Laplace's continued fraction beyond (Abramowitz and Stegun 7.1.6 and 7.1.14), so that small tails keep
 * their digits.
 *
 * @example erfc(1) // 0.15729920705028513
 */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x > 27) return 0;
  const bell = Math.exp(-x * x) / Math.sqrt(Math.PI);
  if (x >= 2) {
    let fraction = x;
    for (let k = 120; k >= 1; k--) fraction = x + k / 2 / fraction;
    return bell / fraction;
  }
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return 1 - 2 * bell * sum;
}

/** The cumulative distribution function of the standard normal distribution. */
export function normalCdf(z: number): number {
  return erfc(-z / Math.SQRT2) / 2;
}

/**
 * The quantile function of the standard normal distribution, by bisection.
 *
 * @param p a share; 0 and 1 give minus and plus infinity
 * @example normalQuantile(0.975) // 1.959963984540054
 */
export function normalQuantile(p: number): number {
  return quantile(normalCdf, p, 39);
}

/** The cumulative distribution function of Student's t with `df` degrees of freedom (Abramowitz and Stegun 26.7). */
export function studentCdf(t: number, df: number): number {
  const angle = Math.atan(t / Math.sqrt(df));
  const square = Math.cos(angle) ** 2;
  const odd = df % 2 === 1;
  let term = odd ? Math.cos(angle) : 1;
  let sum = df === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= df - 2; k += 2) {
    term *= (square * (k - 1)) / k;
    sum += term;
  }
  const inside = odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
  return (1 + inside) / 2;
}

/**
 * The quantile function of Student's t distribution, to about nine digits.
 *
 * @param df degrees of freedom, a whole number from 1 on
 * @example studentQuantile(0.975, 23) // 2.0686576
 */
export function studentQuantile(p: number, df: number): number {
  return quantile((t) => studentCdf(t, df), p, 1e9);
}

/** The quantile function of a symmetric distribution, by bisection. */
function quantile(cdf: (x: number) => number, p: number, farthest: number): number {
  if (p <= 0) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  // The upper half mirrors the lower one, whose small shares keep their digits.
  if (p > 0.5) return -quantile(cdf, 1 - p, farthest);
  let low = -farthest;
  let high = 0;
  for (let middle = low / 2; middle > low && middle < high; middle = (low + high) / 2) {
    if (cdf(middle) < p) low = middle;
    else high = middle;
  }
  return high;
}

/** The probability that `n` tosses of a fair coin show at most `k` heads. */
export function coinTail(k: number, n: number): number {
  // In logarithms, since 2^-n is 0 from n = 1075 on.
  let logTerm = -n * Math.LN2;
  let sum = k < 0 ? 0 : Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i);
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}
