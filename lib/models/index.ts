/**
 * Networks as tf.layers definitions, from `[frames, bands]` to probabilities, and the encoders' networks.
 *
 * @module models
 */

export { type FrameWeightsArgs, frameWeights } from "../engine/layers/frame-weights.js";
export { type ModelName, type ModelOptions, models } from "./models.js";
export type { BaselineName, NetworkName, OwnName } from "./names.js";
export type { BuildNetwork, OwnNetworks } from "./own.js";
export { SIZES, type Size } from "./size.js";
export { standardized, type Wav2vec2Shape, wav2vec2 } from "./wav2vec2.js";
export { type EncoderOptions, type EncoderShape, whisper } from "./whisper.js";
