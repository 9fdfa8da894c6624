/**
 * Evaluation: metrics, intervals over speakers, paired comparisons, calibration and abstention. Numbers in, numbers out.
 *
 * @module evaluation
 */

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
  type ReliabilityBin,
  reliability,
} from "./calibration.js";
export { type ClassificationReport, classificationReport } from "./classification-report.js";
export { type Comparison, compareModels, differenceInterval, holm, mcnemar } from "./comparison.js";
export {
  accuracyOf,
  confusionIntervals,
  estimateOf,
  type Interval,
  kappaOf,
  macroF1Of,
  recallOf,
  type Scored,
  uarInterval,
  uarOf,
} from "./interval.js";
export { type ListenerScores, listenerScores } from "./listeners.js";
export { confusionCounts, type Metrics, metrics } from "./metrics.js";
