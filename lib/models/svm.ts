import type { LayersModel } from "@tensorflow/tfjs";
import { UserError } from "../base/errors.js";
import { startTfjs } from "../engine/tfjs.js";
import { apply } from "./layers.js";
import type { LogisticProblem } from "./logistic-loss.js";
import { solveSmo } from "./smo.js";

/** Support vector machines with an RBF kernel, one for every pair of classes: (0, 1), (0, 2), ..., (1, 2), ... */
export interface RbfMachine {
  gamma: number;
  columns: number;
  classes: number;
  /** Indices of the problem's rows that are support vectors of any pair. */
  rows: number[];
  /** Those rows, `rows.length * columns` values. */
  vectors: Float32Array;
  /** `rows.length * pairs` values: the coefficient of each support vector's kernel in the decision of each pair. */
  coefficients: Float32Array;
  /** Added to the decision of each pair, which is above 0 for the first of the two classes. */
  intercepts: Float32Array;
  /** Mean hinge loss of the pairs on their rows. */
  loss: number;
}

export interface RbfOptions {
  /** Tolerance of the minimum; default 1e-3, libsvm's. */
  tolerance?: number;
  /** Stops between pairs. */
  signal?: AbortSignal;
}

/** Limit of the rows: their distances take 2.5 GB. */
const MOST_ROWS = 25_000;

/** The pairs of classes, in the order of libsvm. */
export function pairsOf(classes: number): [number, number][] {
  const all = Array.from({ length: classes }, (_, c) => c);
  return all.flatMap((a) => all.slice(a + 1).map((b): [number, number] => [a, b]));
}

/**
 * Squared Euclidean distances between all rows, `count * count` values, computed once for all values of gamma. 6,000 rows take
 * 144 MB.
 *
 * @throws {UserError} for more than 25,000 rows
 */
export async function squaredDistances(
  { x, columns, labels }: Pick<LogisticProblem, "x" | "columns" | "labels">,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const n = labels.length;
  if (n > MOST_ROWS)
    throw new UserError(
      `an svm compares all pairs of clips, and ${n} clips are too many (at most ${MOST_ROWS}): use linear, or a network`,
    );
  const out = new Float32Array(n * n);
  for (let i = 0; i < n; i++) {
    if (i % 64 === 0) await new Promise(setImmediate); // lets a Ctrl-C through
    signal?.throwIfAborted();
    const one = x.subarray(i * columns, (i + 1) * columns);
    for (let j = 0; j < i; j++) {
      const other = j * columns;
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        const difference = one[k]! - x[other + k]!;
        sum += difference * difference;
      }
      out[i * n + j] = sum;
      out[j * n + i] = sum;
    }
  }
  return out;
}

/**
 * Trains a support vector machine with the kernel `exp(-gamma * |x - y|^2)` for every pair of classes, as libsvm and
 * scikit-learn's `SVC(kernel="rbf")` do. A row's alpha is at most C times its weight; `balancedWeights` equals scikit-learn's
 * `class_weight="balanced"`.
 *
 * @param problem rows, standardised; labels, weights
 * @param distances of {@link squaredDistances}
 * @param gamma above 0
 * @param costs values of C, each above 0; one machine is trained for each, in this order
 * @example const [machine] = await fitRbf(problem, await squaredDistances(problem), 1 / problem.columns, [1]);
 */
export async function fitRbf(
  problem: LogisticProblem,
  distances: Float32Array,
  gamma: number,
  costs: readonly number[],
  { tolerance, signal }: RbfOptions = {},
): Promise<RbfMachine[]> {
  const { labels, classes, weights } = problem;
  const pairs = pairsOf(classes);
  const found = costs.map(() => ({
    coefficients: new Float64Array(labels.length * pairs.length),
    intercepts: new Float32Array(pairs.length),
    losses: [] as number[],
  }));
  for (const [p, [a, b]] of pairs.entries()) {
    await new Promise(setImmediate); // lets a Ctrl-C through
    signal?.throwIfAborted();
    const rows = labels.flatMap((label, i) => (label === a || label === b ? [i] : []));
    const signs = rows.map((i) => (labels[i] === a ? 1 : -1));
    const kernel = kernelOf(distances, labels.length, rows, gamma);
    for (const [c, cost] of costs.entries()) {
      const { coefficients, intercepts, losses } = found[c]!;
      // A class without rows loses; two such classes tie.
      intercepts[p] = Math.sign(signs.reduce((sum, sign) => sum + sign, 0));
      if (new Set(signs).size < 2) continue;
      const limits = rows.map((i) => cost * (weights ? weights[i]! : 1));
      const { alphas, rho, loss } = solveSmo({ kernel, signs, limits }, tolerance);
      rows.forEach((i, k) => {
        coefficients[i * pairs.length + p] = signs[k]! * alphas[k]!;
      });
      intercepts[p] = -rho;
      losses.push(loss);
    }
  }
  return found.map(({ coefficients, intercepts, losses }) => ({
    ...machineOf(problem, gamma, coefficients, intercepts),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length),
  }));
}

/** The kernel between some rows. */
function kernelOf(distances: Float32Array, n: number, rows: readonly number[], gamma: number): Float32Array {
  const own = new Float32Array(rows.length ** 2);
  for (const [i, row] of rows.entries())
    for (const [j, other] of rows.entries()) {
      if (j > i) break;
      const value = Math.exp(-gamma * distances[row * n + other]!);
      own[i * rows.length + j] = value;
      own[j * rows.length + i] = value;
    }
  return own;
}

/** The machine without the rows that are support vectors of no pair. */
function machineOf(
  { x, columns, classes, labels }: LogisticProblem,
  gamma: number,
  all: Float64Array,
  intercepts: Float32Array,
): Omit<RbfMachine, "loss"> {
  const pairs = intercepts.length;
  const rows = [...labels.keys()].filter((i) =>
    all.subarray(i * pairs, (i + 1) * pairs).some((value) => value !== 0),
  );
  // If all rows are of one class: the network needs at least one support vector.
  if (rows.length === 0) rows.push(0);
  const vectors = new Float32Array(rows.length * columns);
  const coefficients = new Float32Array(rows.length * pairs);
  rows.forEach((i, s) => {
    vectors.set(x.subarray(i * columns, (i + 1) * columns), s * columns);
    coefficients.set(all.subarray(i * pairs, (i + 1) * pairs), s * pairs);
  });
  return { gamma, columns, classes, rows, vectors, coefficients, intercepts };
}

/**
 * A machine as a tf.layers model of stock layers: an input of `[1, columns]`, probabilities of the classes. The kernel is
 * a dense layer: `-gamma * |x - s|^2 = 2 * gamma * x . s - gamma * |s|^2 - gamma * |x|^2` is linear in x and |x|^2, and
 * `elu(z) = exp(z) - 1` where z is at most 0, as it is here; the 1 has no effect, since the coefficients of a pair sum to 0.
 *
 * Each pair of classes then votes with the tanh of its decision, for one class and against the other, and the probabilities are
 * the softmax of the sums of the votes. libsvm's votes are the signs. The tanh also expresses confidence, so that there are no
 * ties, and probabilities can be calibrated. On SAVEE with eGeMAPS the two differ by one point of UAR, which is noise.
 *
 * The weights contain the features of training clips, as in every kernel machine: consider that before you publish them.
 *
 * @example const network = await svm(machine);
 */
export async function svm({ gamma, columns, classes, ...machine }: RbfMachine): Promise<LayersModel> {
  const { vectors, coefficients, intercepts, rows } = machine;
  const tf = await startTfjs();
  const { layers } = tf;
  const input = tf.input({ shape: [1, columns] });
  const x = apply(layers.flatten(), input);
  // tf.layers' predict disposes of a value too early if one layer takes it twice.
  const again = apply(layers.activation({ activation: "linear" }), x);
  const dense = (units: number, activation: "linear" | "elu" | "tanh" | "softmax", useBias: boolean) =>
    layers.dense({ units, activation, useBias, kernelInitializer: "zeros" });
  const square = dense(1, "linear", false);
  const kernel = dense(rows.length, "elu", true);
  const decide = dense(intercepts.length, "tanh", true);
  const vote = dense(classes, "softmax", false);
  const length = apply(square, apply(layers.multiply(), [x, again]));
  const values = apply(kernel, apply(layers.concatenate(), [x, length]));
  const outputs = apply(vote, apply(decide, values));
  const model = tf.model({ name: "svm", inputs: input, outputs });
  tf.tidy(() => {
    square.setWeights([tf.fill([columns, 1], -gamma)]);
    kernel.setWeights(
      kernelWeights({ gamma, columns, vectors, rows }).map(({ data, shape }) => tf.tensor(data, shape)),
    );
    decide.setWeights([tf.tensor2d(coefficients, [rows.length, intercepts.length]), tf.tensor1d(intercepts)]);
    vote.setWeights([tf.tensor2d(votesOf(classes), [intercepts.length, classes])]);
  });
  return model;
}

/** `[columns + 1, vectors]`: twice gamma times the support vectors, and ones for `-gamma * |x|^2`; then `-gamma * |s|^2`. */
function kernelWeights({
  gamma,
  columns,
  vectors,
  rows,
}: Pick<RbfMachine, "gamma" | "columns" | "vectors" | "rows">) {
  const count = rows.length;
  const kernel = new Float32Array((columns + 1) * count).fill(1);
  const bias = new Float32Array(count);
  for (let s = 0; s < count; s++) {
    let length = 0;
    for (let k = 0; k < columns; k++) {
      const value = vectors[s * columns + k]!;
      kernel[k * count + s] = 2 * gamma * value;
      length += value * value;
    }
    bias[s] = -gamma * length;
  }
  return [
    { data: kernel, shape: [columns + 1, count] },
    { data: bias, shape: [count] },
  ];
}

/** `[pairs, classes]`: a pair's vote counts for its first class and against its second. */
function votesOf(classes: number): Float32Array {
  const pairs = pairsOf(classes);
  const votes = new Float32Array(pairs.length * classes);
  pairs.forEach(([a, b], p) => {
    votes[p * classes + a] = 1;
    votes[p * classes + b] = -1;
  });
  return votes;
}
