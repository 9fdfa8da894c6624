import { growTo, instantiate, type KernelMemory } from "../base/wasm.js";
import { KERNEL_BINARY } from "./kernelBinary.js";
import type { ValueAndGradient } from "./lbfgs.js";

/** Rows to be classified by a linear model. */
export interface LogisticProblem {
  /** `count * columns` standardised values. */
  x: Float32Array;
  columns: number;
  /** Class index of each row. */
  labels: readonly number[];
  classes: number;
  /** Weight of each row in the loss; default 1. */
  weights?: ArrayLike<number>;
}

interface Exports extends KernelMemory {
  logits(x: number, columns: number, w: number, pairs: number, lanes: number, out: number): void;
  gradient(lanes: number, columns: number, errors: number, weights: number, pairs: number, out: number): void;
}

/** Number of rows that kernel.c processes at a time. */
const ROWS = 4;

/**
 * The loss of multinomial logistic regression (see linear.ts), with the memory that kernel.c needs for it: twice
 * `columns * classes` doubles and four rows, whatever the number of rows.
 *
 * @example const { value, gradient } = new LogisticLoss({ x, columns: 2, labels: [0, 1], classes: 2 }).at(0.1, parameters);
 */
export class LogisticLoss {
  readonly #problem: LogisticProblem;
  readonly #wasm = instantiate<Exports>(KERNEL_BINARY);
  /** Number of pairs of classes in a row of parameters; an odd number of classes is padded by one. */
  readonly #pairs: number;
  readonly #x: Float32Array;
  readonly #rowWeights: Float64Array;
  readonly #logits: Float64Array;
  readonly #lanes: Float64Array;
  readonly #parameters: Float64Array;
  readonly #gradient: Float64Array;

  constructor(problem: LogisticProblem) {
    const { columns, classes } = problem;
    this.#problem = problem;
    this.#pairs = Math.ceil(classes / 2);
    const width = 2 * this.#pairs;
    const sizes = [ROWS, ROWS * width, ROWS * columns, (columns + 1) * width, (columns + 1) * width];
    // Vectors are aligned to 16 bytes.
    const start = Math.ceil(this.#wasm.__heap_base.value / 16) * 16;
    const doubles = sizes.reduce((a, b) => a + b, 0);
    growTo(this.#wasm, start + 8 * doubles + 4 * ROWS * columns);
    const { buffer } = this.#wasm.memory;
    let at = start;
    const [weights, logits, lanes, parameters, gradient] = sizes.map((length) => {
      at += 8 * length;
      return new Float64Array(buffer, at - 8 * length, length);
    });
    this.#rowWeights = weights!;
    this.#logits = logits!;
    this.#lanes = lanes!;
    this.#parameters = parameters!;
    this.#gradient = gradient!;
    this.#x = new Float32Array(buffer, at, ROWS * columns);
  }

  /**
   * The loss with a penalty, and its gradient.
   *
   * @param parameters `columns * classes` of W, then the biases
   */
  at(penalty: number, parameters: Float64Array): ValueAndGradient {
    const { columns, classes, labels } = this.#problem;
    const width = 2 * this.#pairs;
    for (let j = 0, p = 0; j <= columns; j++)
      for (let c = 0; c < classes; c++, p++) this.#parameters[j * width + c] = parameters[p]!;
    this.#gradient.fill(0);
    let value = 0;
    let total = 0;
    for (let first = 0; first < labels.length; first += ROWS) {
      const rows = this.#rows(first);
      for (let r = 0; r < rows; r++) {
        const weight = this.#rowWeights[r]!;
        value += weight * softmaxError(this.#logits, r * width, classes, labels[first + r]!);
        total += weight;
      }
      this.#addGradient();
    }
    const gradient = new Float64Array(parameters.length);
    const biases = columns * classes;
    value /= total;
    for (let j = 0, p = 0; j <= columns; j++) {
      for (let c = 0; c < classes; c++, p++) {
        gradient[p] = this.#gradient[j * width + c]! / total;
        if (p >= biases) continue;
        value += (penalty / 2) * parameters[p]! ** 2;
        gradient[p]! += penalty * parameters[p]!;
      }
    }
    return { value, gradient };
  }

  /** Computes the logits of up to {@link ROWS} rows, beginning with one; returns how many. */
  #rows(first: number): number {
    const { x, columns, labels, weights } = this.#problem;
    const count = Math.min(ROWS, labels.length - first);
    this.#x.set(x.subarray(first * columns, (first + count) * columns));
    // Rows beyond the last have weight 0, whatever they contain.
    for (let r = 0; r < ROWS; r++) this.#rowWeights[r] = r < count ? (weights ? weights[first + r]! : 1) : 0;
    this.#wasm.logits(
      this.#x.byteOffset,
      columns,
      this.#parameters.byteOffset,
      this.#pairs,
      this.#lanes.byteOffset,
      this.#logits.byteOffset,
    );
    return count;
  }

  /** Adds the rows' share of the gradient, after the logits have become errors. */
  #addGradient(): void {
    this.#wasm.gradient(
      this.#lanes.byteOffset,
      this.#problem.columns,
      this.#logits.byteOffset,
      this.#rowWeights.byteOffset,
      this.#pairs,
      this.#gradient.byteOffset,
    );
  }
}

/** Replaces a row of logits by probabilities minus the one-hot label; returns the cross-entropy. */
function softmaxError(logits: Float64Array, at: number, classes: number, truth: number): number {
  let highest = logits[at]!;
  for (let c = at + 1; c < at + classes; c++) highest = Math.max(highest, logits[c]!);
  const entropy = highest - logits[at + truth]!;
  let sum = 0;
  for (let c = at; c < at + classes; c++) {
    logits[c] = Math.exp(logits[c]! - highest);
    sum += logits[c]!;
  }
  for (let c = at; c < at + classes; c++) logits[c]! /= sum;
  logits[at + truth]! -= 1;
  return entropy + Math.log(sum);
}
