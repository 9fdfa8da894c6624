/**
 * Inference: a saved model and a recording in, emotions out; timelines and TextGrids.
 *
 * @module inference
 */

export type { Origin } from "./card.js";
export { findModel } from "./find.js";
export {
  type EmotionModel,
  type EmotionWindow,
  loadModel,
  type ModelCard,
  type NoAnswer,
  type Prediction,
  type PredictOptions,
  type Sound,
  saveModel,
  smoothed,
  timeline,
} from "./model.js";
export { type PredictFilesOptions, predictFiles } from "./predict-files.js";
export type { RawFormat } from "./raw.js";
export { findRecordings, type Recordings } from "./recordings.js";
export { type Answer, type NamedModel, predictionCsv, predictionTable } from "./report.js";
export { textGrid } from "./textgrid.js";
