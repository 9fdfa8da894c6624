import { random } from "../base/random.js";

/** How unequal class sizes are balanced: not at all, by weights in the loss, or by drawing rare classes more often. */
export const BALANCES = ["none", "weights", "sampling"] as const;
export type Balance = (typeof BALANCES)[number];

/**
 * The order of the clips of an epoch, a function of seed and epoch alone. It has as many places as there are
 * clips. Without `sampling` each clip has one place. With it each class has the same number of places (give or
 * take one), and no clip of a class comes twice before all have come once.
 *
 * @param labels class index of each clip
 * @returns indices of clips
 * @example epochOrder([0, 0, 0, 1], { balance: "sampling", seed: 1, epoch: 1 }) // 3 comes twice
 */
export function epochOrder(
  labels: readonly number[],
  { balance, seed, epoch }: { balance: Balance; seed: number; epoch: number },
): number[] {
  const rng = random(`${seed}/order/${epoch}`);
  if (balance !== "sampling") return rng.shuffle(labels.keys());
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  const order: number[] = [];
  classes.forEach((label, c) => {
    const own = labels.flatMap((other, i) => (other === label ? [i] : []));
    const places =
      Math.floor(((c + 1) * labels.length) / classes.length) -
      Math.floor((c * labels.length) / classes.length);
    const drawn: number[] = [];
    while (drawn.length < places) drawn.push(...rng.shuffle(own));
    order.push(...drawn.slice(0, places));
  });
  return rng.shuffle(order);
}

/**
 * Weights of clips in the loss that give each class the same total weight: `n / (classes present * n of the class)`, as
 * scikit-learn's `class_weight="balanced"`.
 *
 * @param labels class index of each clip
 * @example balancedWeights([0, 0, 0, 1]) // [0.667, 0.667, 0.667, 2]
 */
export function balancedWeights(labels: readonly number[]): Float32Array {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return Float32Array.from(labels, (label) => labels.length / (counts.size * counts.get(label)!));
}
