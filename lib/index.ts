/**
 * A workbench for speech emotion recognition: corpora, features, networks, and an honest evaluation.
 *
 * What most work takes is here. The rest lies in entries of their own, one for each room of the library: `/audio`,
 * `/corpora`, `/features`, `/encoders`, `/models`, `/engine`, `/training`, `/protocols`, `/evaluation`, `/figures`,
 * `/inference`, `/analysis`, `/report`, `/notebook`.
 *
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["majority", "linear"] }, { data: "data" });
 * console.log(experiment.table("markdown"));
 * await saveFigure(experiment.evaluation("linear").figure("confusion"), "confusion.svg");
 *
 * @module speech-emotion-workbench
 */

// Clips: of the known corpora, of one's own.

export {
  type Clip,
  checkCorpora,
  classesOf,
  EMOTIONS,
  type Emotion,
  findClips,
  labelsFrom,
  loadClips,
  readManifest,
} from "./corpora/index.js";

// How clips are split, and the one way to the clips of a test part.

export { type Plan, PROTOCOLS, predictPart, protocolNamed, type Split } from "./protocols/index.js";

// Sound and features.

export { type Audio, readAudio, writeWav } from "./audio/index.js";
export {
  createExtractor,
  encoderFeatures,
  extractClips,
  type FeatureSet,
  type FeatureSettings,
  featureSettings,
  type Matrix,
  RUN_FEATURES,
  tableFeatures,
} from "./features/index.js";

// Networks and their training; experiments that were trained before.

export { type BlockInput, Experiment, readExperiment, readRuns, train } from "./analysis/index.js";
export { tf } from "./engine/index.js";
export { type BuildNetwork, type ModelName, models } from "./models/index.js";
export { TRAINING, type TrainingSettings } from "./training/index.js";

// Results: of runs, of a saved model, of somebody else's predictions.

export {
  Evaluation,
  evaluate,
  type Measure,
  type ModelEvaluation,
  score,
} from "./analysis/index.js";
export type { Comparison } from "./evaluation/index.js";

// A saved model on new recordings.

export {
  type EmotionModel,
  findModel,
  loadModel,
  type ModelCard,
  type Prediction,
  predictFiles,
  predictionCsv,
  textGrid,
  timeline,
} from "./inference/index.js";

// Figures, cells of a notebook, reports.

export { emotionPrediction, emotionTimeline, type Figure, saveFigure } from "./figures/index.js";
export { listen, show } from "./notebook/index.js";
export { writeReport } from "./report/index.js";

// What goes with all of it.

export { Interrupted, UsageError, UserError } from "./base/errors.js";
export { Progress, type ProgressOptions } from "./base/progress.js";
export { random } from "./base/random.js";
