import type { Random } from "../base/random.js";
import type { Batch } from "../engine/trainer.js";

/**
 * Mixes every clip of a batch with another clip of the batch (Zhang et al. 2018): x = l x_i + (1 - l) x_j, and likewise y and
 * weight, with one l per clip from Beta(alpha, alpha), replaced by 1 - l below 1/2 so that a clip stays mostly itself. In place.
 *
 * @param batch inputs, targets and weights
 * @param alpha of the beta distribution; 0.2 mixes a little, 1 draws the share uniformly
 * @param rng draws the partners and the shares
 * @example mixup(batch, 0.2, random("1/mixup/3/17"));
 */
export function mixup(batch: Batch, alpha: number, rng: Random): void {
  const { x, y, weights, count } = batch;
  const partners = rng.shuffle(Array.from({ length: count }, (_, i) => i));
  const shares = partners.map(() => {
    const share = beta(alpha, rng);
    return Math.max(share, 1 - share);
  });
  for (const values of [x, y, weights]) if (values) blend(values, values.length / count, partners, shares);
}

function blend(
  values: Float32Array,
  width: number,
  partners: readonly number[],
  shares: readonly number[],
): void {
  const before = values.slice();
  partners.forEach((partner, i) => {
    const share = shares[i]!;
    for (let k = 0; k < width; k++) {
      values[i * width + k] = share * before[i * width + k]! + (1 - share) * before[partner * width + k]!;
    }
  });
}

/** A draw from Beta(a, a): the share of one of two Gamma(a) variates in their sum. */
function beta(a: number, rng: Random): number {
  const x = logGamma(a, rng);
  const y = logGamma(a, rng);
  return 1 / (1 + Math.exp(y - x));
}

/**
 * The logarithm of a draw from Gamma(a) (Marsaglia and Tsang 2000); for a < 1 the draw for a + 1 times u^(1/a). In
 * logarithms, since for small a the draw itself often underflows.
 */
function logGamma(a: number, rng: Random): number {
  if (a < 1) return logGamma(a + 1, rng) + Math.log(1 - rng.uniform()) / a;
  const d = a - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = rng.normal();
    const v = (1 + c * z) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < z * z * 0.5 + d - d * v + d * Math.log(v))
      return Math.log(d * v);
  }
}
