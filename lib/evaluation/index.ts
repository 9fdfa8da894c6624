/**
 * Evaluation: metrics, intervals over speakers, paired comparisons, calibration and abstention. Numbers in, numbers out.
 *
 * @module evaluation
 */

export { percent } from "../base/text.js";
export {
  type Abstention,
  abstentionAt,
  chooseThreshold,
  type RiskPoint,
  riskCoverage,
} from "./abstention.js";
export { krippendorffAlpha } from "./agreement.js";
export { breakdown, type Group, selectClips } from "./breakdown.js";
export {
  applyTemperature,
  brierScore,
  calibrationError,
  fitTemperature,
  type Probabilities,
  type ReliabilityBin,
  reliability,
} from "./calibration.js";
export {
  type ClassificationReport,
  classificationReport,
  type ProbabilityScores,
} from "./classification-report.js";
export {
  type Comparison,
  type ComparisonOptions,
  compareModels,
  differenceInterval,
  holm,
  type McNemar,
  mcnemar,
} from "./comparison.js";
export {
  accuracyOf,
  type BootstrapOptions,
  type ConfusionStatistic,
  confusionIntervals,
  estimateOf,
  type Interval,
  kappaOf,
  macroF1Of,
  recallOf,
  type Scored,
  uarInterval,
  uarOf,
  type WithInterval,
  type WithoutInterval,
} from "./interval.js";
export { type ListenerScore, type ListenerScores, listenerScores } from "./listeners.js";
export { type ClassScores, confusionCounts, type Metrics, metrics, type Scores } from "./metrics.js";
