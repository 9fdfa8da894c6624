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

/** Figures of the probabilities themselves. */
export interface ProbabilityScores {
  /** Area under the ROC curve, one class against the rest: null for a class that has no clips or all. */
  rocAuc: {
    perClass: (number | null)[];
    /** The mean over the classes that have one; null when none has. */
    macro: number | null;
  };
  /** Expected calibration error, 10 right-closed bins. */
  ece: number;
  /** Summed over classes: between 0 and 2. */
  brier: number;
  /** Mean cross-entropy, nats. */
  logLoss: number;
}

/** All figures of one set of probabilities. */
export interface ClassificationReport extends Metrics, ProbabilityScores {
  /** Cohen's kappa. */
  kappa: number;
  /** The same of the probabilities at the temperature fitted on validation; classes and accuracy do not change. */
  calibrated?: ProbabilityScores & { temperature: number };
}

/**
 * Everything that is reported of a set of predictions: {@link metrics}, Cohen's kappa, ROC-AUC, calibration
 * error, Brier score, and those of the probabilities again after calibration.
 *
 * @param probabilities one row a clip, one column a class; the first of the largest is the prediction
 * @param truth class indices
 * @param classes their names
 * @param options `temperature`, fitted on validation by {@link fitTemperature}
 * @throws {RangeError} when there are no clips, lengths do not match or a probability is not a number
 * @example classificationReport(Float32Array.of(0.9, 0.1, 0.4, 0.6), [0, 1], ["anger", "neutral"]).uar // 1
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
