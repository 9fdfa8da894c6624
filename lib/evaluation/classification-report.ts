import {
  applyTemperature,
  brierScore,
  calibrationError,
  logLoss,
  type Probabilities,
} from "./calibration.js";
import { kappaOf } from "./interval.js";
import { argmax, confusionCounts, type Metrics, metrics } from "./metrics.js";
import { rocAuc } from "./ranking.js";

/** Scores of the probabilities themselves. */
export interface ProbabilityScores {
  /** Area under the ROC curve, one class against the rest, as scikit-learn's `roc_auc_score(multi_class="ovr")`. */
  rocAuc: {
    /** In the order of the classes; null for a class that has no clips or all. */
    perClass: (number | null)[];
    /** The mean over the classes that have a value; null when none has. */
    macro: number | null;
  };
  /** Expected calibration error ({@link calibrationError}). */
  ece: number;
  /** Brier score summed over classes, between 0 and 2 ({@link brierScore}). */
  brier: number;
  /** Mean cross-entropy, nats. */
  logLoss: number;
}

/** All scores of one set of predicted probabilities. */
export interface ClassificationReport extends Metrics, ProbabilityScores {
  /** Cohen's kappa ({@link kappaOf}). */
  kappa: number;
  /** Scores at the temperature fitted on validation; predicted classes and accuracy do not change. */
  calibrated?: ProbabilityScores & { temperature: number };
}

/**
 * All scores of a set of predictions: {@link metrics}, Cohen's kappa, ROC-AUC, calibration error, Brier score,
 * cross-entropy, and the last four again after calibration.
 *
 * @param probabilities `clips x classes`, row by row; the class of the largest is predicted, the first of equals
 * @param truth class indices
 * @param classes names of the classes
 * @param options `temperature`, fitted on validation by {@link fitTemperature}
 * @throws {RangeError} when there are no clips, lengths do not match or a probability is not a number
 * @example
 * const probabilities = Float32Array.of(0.9, 0.1, 0.4, 0.6, 0.7, 0.3);
 * const { uar, confusion } = classificationReport(probabilities, [0, 1, 1], ["anger", "neutral"]);
 * uar; // => 0.75
 * confusion; // => [[1, 0], [1, 1]]
 */
export function classificationReport(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: readonly string[],
  options: { temperature?: number } = {},
): ClassificationReport {
  const scores = probabilityScores(probabilities, truth, classes.length);
  const confusion = confusionCounts(truth, argmax(probabilities, classes.length), classes.length);
  const { temperature } = options;
  return {
    ...metrics(confusion, classes),
    kappa: kappaOf(Float64Array.from(confusion.flat()), classes.length),
    ...scores,
    ...(temperature !== undefined && {
      calibrated: {
        temperature,
        ...probabilityScores(
          applyTemperature(probabilities, classes.length, temperature),
          truth,
          classes.length,
        ),
      },
    }),
  };
}

function probabilityScores(
  probabilities: Probabilities,
  truth: ArrayLike<number>,
  classes: number,
): ProbabilityScores {
  const ece = calibrationError(probabilities, truth, classes);
  const perClass = Array.from({ length: classes }, (_, c) => {
    const scores = Array.from(truth, (_, i) => probabilities[i * classes + c]!);
    const area = rocAuc(
      scores,
      Array.from(truth, (t) => t === c),
    );
    return area ?? null;
  });
  const known = perClass.filter((area): area is number => area !== null);
  return {
    rocAuc: {
      perClass,
      macro: known.length === 0 ? null : known.reduce((a, b) => a + b, 0) / known.length,
    },
    ece,
    brier: brierScore(probabilities, truth, classes),
    logLoss: logLoss(probabilities, truth, classes),
  };
}
