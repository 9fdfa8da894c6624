/**
 * Analysis: experiments and their runs in detail, for what the main entry does not answer in a line.
 *
 * @module analysis
 */

export type { ExperimentOptions } from "../experiments/experiment.js";
export {
  type Cell,
  expandGrid,
  type Grid,
  type GridBlock,
  type GridInput,
  parseGrid,
  readGrid,
} from "../experiments/grid.js";
export type { Failure, RecordedExperiment } from "../experiments/known.js";
export {
  type Counted,
  countReadings,
  type EarlierReadings,
  type ReadingCounts,
  type Readings,
  readingsLine,
} from "../experiments/readings.js";
export { describeFolds, describeRun } from "../runs/describe.js";
export {
  type Environment,
  type External,
  type PredictedClip,
  type RunRecord,
  type RunSettings,
  readRecord,
  readRun,
  type SplitRecord,
  type StoredRun,
} from "../runs/record.js";
export {
  type NoiseLevel,
  type Robustness,
  type RobustnessOptions,
  robustness,
  robustnessFigure,
} from "../runs/robustness.js";
export { textUnder } from "../runs/text-alone.js";
export { type Entry, entriesOf, type Part, type Pooled, pooled, type SeedRuns } from "./entries.js";
export { type EvaluateOptions, type EvaluationFacts, evaluate, type ModelEvaluation } from "./evaluate.js";
export {
  Evaluation,
  type EvaluationRow,
  type FigureKind,
  type GroupFigures,
  type Measure,
} from "./evaluation.js";
export {
  type BlockInput,
  Experiment,
  type ExperimentRow,
  readExperiment,
  readRuns,
  type TrainOptions,
  train,
} from "./experiment.js";
export type { Leakage } from "./leakage.js";
export type { ListenerResults } from "./listeners.js";
export type { CrossCorpus, CrossCorpusFigure } from "./matrix.js";
export type {
  BreakdownName,
  EntryResults,
  Pair,
  ProtocolResults,
  ResultOptions,
} from "./protocol-results.js";
export { type AuditFailure, type AuditNote, type Results, resultsOf } from "./results.js";
export { type ScoredPredictions, type ScoreFacts, type ScoreOptions, score } from "./score.js";
export type { PartScores } from "./scores.js";
export { type Shortcut, type ShortcutScores, shortcuts, type Twin } from "./shortcut.js";
export type { TableFormat, TableRow } from "./tables.js";
