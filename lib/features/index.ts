/**
 * Features: spectra, mel bands, MFCC, descriptors, pitch, encoder states; normalisation; extraction of whole corpora on
 * all cores. A feature matrix has a row per frame and a column per band or coefficient.
 *
 * @module features
 */

export { fromRows, type Matrix, row, toRows, zeros } from "../base/matrix.js";
export { type ExtractOptions, extractClips, type FeatureSet, sampleHashes } from "./corpus.js";
export { fixLength } from "./crop.js";
export { type DecibelOptions, powerToDb } from "./decibels.js";
export { delta } from "./delta.js";
export { DESCRIPTORS, type DescriptorName, descriptors } from "./descriptors.js";
export { type EmbeddingSet, loadEmbeddings } from "./embeddings.js";
export { encoderFeatures } from "./encoder-settings.js";
export { createExtractor, type Extractor } from "./extract.js";
export type { FrameSettings } from "./kernel.js";
export { hzToMel, type MelBand, type MelSettings, melFilterbank, melFrequencies, melToHz } from "./mel.js";
export { fitNormaliser, type Normalisation, type Normaliser, normalise } from "./normalise.js";
export { type ClipFeatures, openFeatures } from "./open.js";
export { type Pca, pca } from "./pca.js";
export { type Pitch, type PitchSettings, pitch } from "./pitch.js";
export { RUN_FEATURES } from "./presets.js";
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
} from "./settings.js";
export { clipStatistics, statisticsNames } from "./statistics.js";
export { powerSpectrogram, stft } from "./stft.js";
export { tableFeatures } from "./table-settings.js";
