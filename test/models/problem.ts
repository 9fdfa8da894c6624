import { random } from "../../lib/base/random.js";
import type { LogisticProblem } from "../../lib/models/logistic-loss.js";

/** Noise in which every class stands out in a column of its own. */
export function problem(count: number, columns: number, classes: number): LogisticProblem {
  const rng = random("logistic");
  const labels = Array.from({ length: count }, (_, i) => i % classes);
  const x = Float32Array.from(
    { length: count * columns },
    (_, i) => rng.normal() + (i % columns === labels[Math.floor(i / columns)] ? 1 : 0),
  );
  return { x, columns, labels, classes };
}
