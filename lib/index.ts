/**
 * A workbench for speech emotion recognition: corpora, features, networks, and an honest evaluation.
 *
 * What most work takes is here. The rest lies in entries of their own, one for each room of the library: `/audio`,
 * `/corpora`, `/features`, `/encoders`, `/models`, `/engine`, `/training`, `/protocols`, `/evaluation`, `/figures`,
 * `/inference`, `/analysis`, `/report`.
 *
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["majority", "linear"] }, { data: "data" });
 * console.log(experiment.table("markdown"));
 * await saveFigure(experiment.evaluation("linear").figure("confusion"), "confusion.svg");
 *
 * @module speech-emotion-workbench
 */

// Results
export { evaluate, type ModelEvaluation } from "./analysis/evaluate.js";
export { Evaluation, type Measure } from "./analysis/evaluation.js";
// Training and reading experiments
export { Experiment, readExperiment, readRuns, train } from "./analysis/experiment.js";
export { type ScoredPredictions, score } from "./analysis/score.js";
// Sound and features
export { type Audio, readAudio, writeWav } from "./audio/index.js";
// Around it all
export { Interrupted, UsageError, UserError } from "./base/errors.js";
export { Progress } from "./base/progress.js";
export { random } from "./base/random.js";
// Clips: of the known corpora, of one's own
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
export { tf } from "./engine/index.js";
export type { Comparison } from "./evaluation/index.js";
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
// Figures, notebooks, reports
export { emotionPrediction, emotionTimeline, type Figure, saveFigure } from "./figures/index.js";
// Saved models on new recordings
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
// Networks
export { type ModelName, models } from "./models/index.js";
export { listen, show } from "./notebook/display.js";
// How they are split
export { type Plan, PROTOCOLS, predictPart, protocolNamed, type Split } from "./protocols/index.js";
export { writeReport } from "./report/index.js";
export { TRAINING, type TrainingSettings } from "./training/index.js";
