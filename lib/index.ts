/**
 * The public API: what notebooks and scripts import, and nothing else of lib/.
 *
 * @example
 * import { extractClips, featureSettings, loadClips } from "../lib/index.ts";
 * const features = await extractClips(await loadClips("data"), featureSettings({ kind: "mfcc" }));
 *
 * @module
 */

// audio
export { type Audio, AudioError, type AudioFormat } from "./audio/audio.js";
export { peakNormalise, rmsNormalise } from "./audio/level.js";
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
} from "./corpora/clip.js";
export type { CorpusDefinition } from "./corpora/corpus.js";
export { downloadCorpora } from "./corpora/download.js";
export { readManifest } from "./corpora/manifest.js";
export {
  applyCalm,
  classesOf,
  corpora,
  type FoundCorpus,
  findCorpora,
  loadClips,
} from "./corpora/registry.js";
export { findClips } from "./corpora/stand-in.js";
export { synthesizeCorpora } from "./corpora/synthetic.js";
export { detectEngines } from "./engine/detect.js";
// models and training
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
export { startTfjs, tf } from "./engine/tfjs.js";
export { confusionCounts, type Metrics, metrics } from "./evaluation/metrics.js";
// runs and figures
export { describeRun } from "./experiments/describe.js";
export { type RunRecord, type RunSettings, readRecord } from "./experiments/record.js";
export { type RunOptions, run } from "./experiments/run.js";
export { RUN_FEATURES } from "./experiments/settings.js";
// features
export { type ExtractOptions, extractClips, type FeatureSet } from "./features/corpus.js";
export { fixLength } from "./features/crop.js";
export { powerToDb } from "./features/decibels.js";
export { delta } from "./features/delta.js";
export { descriptors } from "./features/descriptors.js";
export { loadEmbeddings } from "./features/embeddings.js";
export { createExtractor, type Extractor } from "./features/extract.js";
export { hzToMel, melFilterbank, melFrequencies, melToHz } from "./features/mel.js";
export { fitNormaliser, type Normalisation, type Normaliser, normalise } from "./features/normalise.js";
export { columnsOf, type FeatureSettings, featureSettings, librosaSettings } from "./features/settings.js";
export { clipStatistics, statisticsNames } from "./features/statistics.js";
export { powerSpectrogram, stft } from "./features/stft.js";
export * from "./figures/index.js";
export {
  type EmotionModel,
  loadModel,
  type ModelCard,
  type Prediction,
  saveModel,
} from "./inference/model.js";
export { type ModelName, type ModelOptions, models } from "./models/models.js";
export { AUGMENTATIONS } from "./training/augmentation.js";
export { heldOutSpeakers, type Split } from "./training/split.js";
export {
  type EpochLog,
  SMALL_TRAINING,
  TRAINING,
  type Trained,
  type TrainingSettings,
  train,
} from "./training/train.js";
