/**
 * The public API: what notebooks and scripts import, and nothing else of lib/.
 *
 * @example
 * import { extractClips, featureSettings, loadClips } from "./index.ts";
 * const features = await extractClips(await loadClips("data"), featureSettings({ kind: "mfcc" }));
 *
 * @module
 */

export { type Entry, entriesOf, type Pooled, pooled } from "./analysis/entries.js";
export { type EvaluateOptions, evaluateModel, type ModelEvaluation } from "./analysis/evaluate-model.js";
export { Evaluated, type Measure } from "./analysis/evaluated.js";
export { type Results, resultsOf } from "./analysis/results.js";
export { type Shortcut, shortcuts } from "./analysis/shortcut.js";
export { type Audio, AudioError, type AudioFormat } from "./audio/audio.js";
export { babbleNoise, mixAtSnr, pinkNoise } from "./audio/noise.js";
export { decodeAudio, decodePcm, readAudio } from "./audio/read.js";
export { resample } from "./audio/resample.js";
export { type TrimOptions, trimSilence } from "./audio/trim.js";
export { encodeWav, writeWav } from "./audio/write.js";

// base
export { Interrupted, UsageError, UserError } from "./base/errors.js";
export { fromRows, type Matrix, row, toRows, zeros } from "./base/matrix.js";
export { Progress } from "./base/progress.js";
export { Random, random } from "./base/random.js";
export { formatCsv, formatTable } from "./base/table.js";

// corpora
export { type CorpusNote, type CorpusReport, checkCorpora } from "./corpora/check.js";
export {
  type Calm,
  type Clip,
  type ClipName,
  CORPORA,
  type CorpusName,
  EMOTIONS,
  type Emotion,
  KNOWN_CORPORA,
  type KnownCorpus,
} from "./corpora/clip.js";
export type { CorpusDefinition } from "./corpora/corpus.js";
export { downloadCorpora } from "./corpora/download.js";
export { labelsFrom } from "./corpora/labels.js";
export { readManifest } from "./corpora/manifest.js";
export {
  type ClipRatings,
  findRatings,
  perceivedEmotions,
  RATED_EMOTIONS,
  readRatings,
} from "./corpora/ratings.js";
export {
  applyCalm,
  classesOf,
  corpora,
  type FoundCorpus,
  findCorpora,
  loadClips,
} from "./corpora/registry.js";
export { findClips } from "./corpora/synthetic/stand-in.js";
export { synthesizeCorpora } from "./corpora/synthetic/synthetic.js";
// encoders
export { type EncoderFacts, encoderFacts } from "./encoders/facts.js";
export { type OpenEncoder, openEncoder } from "./encoders/network.js";
export { addEncoder, findEncoder, listEncoders, readEncoder, removeEncoder } from "./encoders/store.js";
export type { EncoderInfo, EncoderWeights, Tensor } from "./encoders/types.js";
export { wav2vec2ShapeOf } from "./encoders/wav2vec2.js";
// engines
export { detectEngines } from "./engine/detect.js";
export {
  type Batch,
  createTrainer,
  type EngineName,
  evaluate,
  fit,
  type LabelledInputs,
  type OptimizerSettings,
  predict,
  type Trainer,
  type TrainerOptions,
} from "./engine/engine.js";
export { createForward, type Forward, type ForwardOptions, type ForwardOutput } from "./engine/forward.js";
export { type FrameWeightsArgs, frameWeights } from "./engine/layers/frame-weights.js";
export { startTfjs, tf } from "./engine/tfjs.js";
// evaluation
export {
  type Abstention,
  abstentionAt,
  chooseThreshold,
  type RiskPoint,
  riskCoverage,
} from "./evaluation/abstention.js";
export { krippendorffAlpha } from "./evaluation/agreement.js";
export { breakdown, type Group, selectClips } from "./evaluation/breakdown.js";
export {
  applyTemperature,
  brierScore,
  calibrationError,
  fitTemperature,
  type ReliabilityBin,
  reliability,
} from "./evaluation/calibration.js";
export {
  type Comparison,
  compareModels,
  differenceInterval,
  holm,
  mcnemar,
} from "./evaluation/comparison.js";
export { type Evaluation, evaluate as evaluatePredictions } from "./evaluation/evaluate.js";
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
} from "./evaluation/interval.js";
export { type ListenerScores, listenerScores } from "./evaluation/listeners.js";
export { confusionCounts, type Metrics, metrics } from "./evaluation/metrics.js";
export { ablate, type ExperimentOptions, type GridInput } from "./experiments/experiment.js";
export { expandGrid, type Grid, parseGrid, readGrid } from "./experiments/grid.js";
export type { Experiment } from "./experiments/known.js";
export { countReadings, type ReadingCounts, type Readings, readingsLine } from "./experiments/readings.js";
export { readExperiment, runsAsExperiment } from "./experiments/store.js";
// features
export { type ExtractOptions, extractClips, type FeatureSet, sampleHashes } from "./features/corpus.js";
export { fixLength } from "./features/crop.js";
export { powerToDb } from "./features/decibels.js";
export { delta } from "./features/delta.js";
export { DESCRIPTORS, type DescriptorName, descriptors } from "./features/descriptors.js";
export { loadEmbeddings } from "./features/embeddings.js";
export { encoderFeatures } from "./features/encoder-settings.js";
export { createExtractor, type Extractor } from "./features/extract.js";
export { hzToMel, melFilterbank, melFrequencies, melToHz } from "./features/mel.js";
export { fitNormaliser, type Normalisation, type Normaliser, normalise } from "./features/normalise.js";
export { type ClipFeatures, openFeatures } from "./features/open.js";
export { type Pca, pca } from "./features/pca.js";
export { type Pitch, pitch } from "./features/pitch.js";
export { RUN_FEATURES } from "./features/presets.js";
export {
  columnsOf,
  type EncoderSettings,
  encoderSettings,
  type FeatureSettings,
  featureSettings,
  librosaSettings,
  type SoundSettings,
  type SpectralSettings,
  type TableSettings,
} from "./features/settings.js";
export { clipStatistics, statisticsNames } from "./features/statistics.js";
export { powerSpectrogram, stft } from "./features/stft.js";
export { tableFeatures } from "./features/table-settings.js";
export * from "./figures/index.js";
export type { Origin } from "./inference/card.js";
export { findModel } from "./inference/find.js";
export {
  type EmotionModel,
  type EmotionWindow,
  loadModel,
  type ModelCard,
  type Prediction,
  type PredictOptions,
  saveModel,
  smoothed,
  timeline,
} from "./inference/model.js";
export { textGrid } from "./inference/textgrid.js";
// models and training
export { type ModelName, type ModelOptions, models } from "./models/models.js";
export { SIZES, type Size } from "./models/size.js";
export { standardized, type Wav2vec2Shape, wav2vec2 } from "./models/wav2vec2.js";
export { type EncoderOptions, type EncoderShape, whisper } from "./models/whisper.js";
// in the cells of a notebook
export { listen, type ShowOptions, type Sound as PlayableSound, show } from "./notebook/display.js";
export { type Audit, assertAudit, auditOf, auditSplit, auditTraining } from "./protocols/audit.js";
export { type FoldSummary, inspectPlan } from "./protocols/inspect.js";
export { Ledger, type LedgerEntry, type Reading, userLedger } from "./protocols/ledger.js";
export { type OpenPart, type PartQuestion, predictPart } from "./protocols/part.js";
export { type PredictedRow, type Refereed, referee } from "./protocols/referee.js";
export { PROTOCOLS, protocolNamed } from "./protocols/registry.js";
export {
  type SentenceAnswers,
  sentenceAnswers,
  type TextAlone,
  textAlone,
  textInCorpus,
} from "./protocols/sentence-baseline.js";
export { heldOutSpeakers } from "./protocols/split.js";
// audio
export type { Plan, Protocol, Split } from "./protocols/types.js";
export { buildReport, type Report, writeReport } from "./report/report.js";
export { type ShipOptions, type Shipped, shipModel } from "./report/ship.js";
// runs, grids and reports
export { describeFolds, describeRun } from "./runs/describe.js";
export {
  type PredictedClip,
  type RunRecord,
  type RunSettings,
  readRecord,
  readRun,
  type StoredRun,
} from "./runs/record.js";
export { type Robustness, robustness, robustnessFigure } from "./runs/robustness.js";
export { textUnder } from "./runs/text-alone.js";
export { AUGMENTATIONS } from "./training/augmentation.js";
export {
  type EpochLog,
  SMALL_TRAINING,
  TRAINING,
  type Trained,
  type TrainingSettings,
  train,
} from "./training/train.js";
