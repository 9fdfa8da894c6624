/** Precision, recall and F1: shares in [0, 1]. */
export interface Scores {
  precision: number;
  recall: number;
  f1: number;
}

/** Precision, recall and F1 of one class. */
export interface ClassScores extends Scores {
  class: string;
  /** Number of clips of this class in the truth. */
  support: number;
}

/** The metrics of one set of predictions. All shares are in [0, 1]. */
export interface Metrics {
  /** Number of clips. */
  count: number;
  /** Every class that could be predicted, in the order of the rows and columns of `confusion`. */
  classes: string[];
  /** The classes that occur in the truth: those that UAR is the mean over. */
  classesInTruth: string[];
  /** Share of correct predictions (weighted accuracy, WA). */
  accuracy: number;
  /** Unweighted average recall: the mean recall over `classesInTruth`; chance is 1 / their number. */
  uar: number;
  /** Means over all `classes`; a class that never occurs and is never predicted counts as 0. */
  macro: Scores;
  /** Means weighted by support. */
  weighted: Scores;
  perClass: ClassScores[];
  /** Counts; rows are the truth, columns the predictions. */
  confusion: number[][];
}

/**
 * The confusion matrix: `confusion[t][p]` clips of class `t` were predicted as `p`, as scikit-learn's
 * `confusion_matrix`.
 *
 * @param truth class indices
 * @param predicted class indices, as many
 * @param classes number of classes
 * @throws {RangeError} when lengths differ or an index is not a class
 * @example confusionCounts([0, 0, 1], [0, 1, 1], 2); // => [[1, 1], [0, 1]]
 */
export function confusionCounts(
  truth: ArrayLike<number>,
  predicted: ArrayLike<number>,
  classes: number,
): number[][] {
  if (truth.length !== predicted.length) {
    throw new RangeError(`${truth.length} true classes, but ${predicted.length} predicted ones`);
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < truth.length; i++) {
    const row = counts[truth[i]!];
    if (row?.[predicted[i]!] === undefined) {
      throw new RangeError(`no such class: true ${truth[i]}, predicted ${predicted[i]}, of ${classes}`);
    }
    row[predicted[i]!]!++;
  }
  return counts;
}

/**
 * Accuracy, UAR, precision, recall and F1 from a confusion matrix. A class that is never predicted has precision
 * 0, a class without clips has recall 0, as with scikit-learn's `zero_division=0`.
 *
 * UAR is scikit-learn's `balanced_accuracy_score`: the mean over the classes that occur in the truth. It differs
 * from `macro.recall` (over all classes) when a class never occurs, as surprise in CREMA-D.
 *
 * @param confusion counts, rows = truth
 * @param classes names of rows and columns
 * @throws {RangeError} when there are no clips
 * @example
 * const { uar, accuracy } = metrics([[5, 1], [1, 1]], ["anger", "neutral"]);
 * uar; // => (5 / 6 + 1 / 2) / 2
 * accuracy; // => 6 / 8
 */
export function metrics(confusion: number[][], classes: readonly string[]): Metrics {
  const support = confusion.map(sum);
  const count = sum(support);
  if (count === 0) throw new RangeError("there is nothing to evaluate: no clips");
  const perClass = classes.map((name, i) => {
    const right = confusion[i]![i]!;
    const precision = share(right, sum(confusion.map((row) => row[i]!)));
    const recall = share(right, support[i]!);
    return { class: name, precision, recall, f1: harmonic(precision, recall), support: support[i]! };
  });
  const present = perClass.filter((scores) => scores.support > 0);
  return {
    count,
    classes: [...classes],
    classesInTruth: present.map((scores) => scores.class),
    accuracy: sum(confusion.map((row, i) => row[i]!)) / count,
    uar: sum(present.map((scores) => scores.recall)) / present.length,
    macro: average(perClass, () => 1),
    weighted: average(perClass, (scores) => scores.support),
    perClass,
    confusion,
  };
}

/** The index of the largest probability of each row; the first of equals. */
export function argmax(probabilities: Float32Array | Float64Array, classes: number): number[] {
  return Array.from({ length: probabilities.length / classes }, (_, i) => {
    const row = probabilities.subarray(i * classes, (i + 1) * classes) as Float32Array;
    return row.indexOf(row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  });
}

function average(perClass: readonly ClassScores[], weight: (scores: ClassScores) => number): Scores {
  const total = sum(perClass.map(weight));
  const mean = (key: keyof Scores) => sum(perClass.map((scores) => weight(scores) * scores[key])) / total;
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

function harmonic(a: number, b: number): number {
  return share(2 * a * b, a + b);
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
