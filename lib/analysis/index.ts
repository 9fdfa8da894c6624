/**
 * Analysis: experiments and their runs in detail, for what the main entry does not answer in a line.
 *
 * @module analysis
 */

export { expandGrid, type Grid, parseGrid, readGrid } from "../experiments/grid.js";
export {
  countReadings,
  type ReadingCounts,
  type Readings,
  readingsLine,
} from "../experiments/readings.js";
export { describeFolds, describeRun } from "../runs/describe.js";
export {
  type PredictedClip,
  type RunRecord,
  type RunSettings,
  readRecord,
  readRun,
  type StoredRun,
} from "../runs/record.js";
export { type Robustness, robustness, robustnessFigure } from "../runs/robustness.js";
export { textUnder } from "../runs/text-alone.js";
export { type Entry, entriesOf, type Pooled, pooled } from "./entries.js";
export type { EvaluateOptions, EvaluationFacts } from "./evaluate.js";
export type { EvaluationRow, FigureKind, GroupFigures } from "./evaluation.js";
export type { BlockInput, ExperimentRow, TrainOptions } from "./experiment.js";
export { type Results, resultsOf } from "./results.js";
export type { ScoreFacts, ScoreOptions } from "./score.js";
export { type Shortcut, shortcuts } from "./shortcut.js";
export type { TableFormat } from "./tables.js";
