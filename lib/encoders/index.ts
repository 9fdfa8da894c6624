/**
 * Encoders: networks trained elsewhere (Whisper, wav2vec 2.0, HuBERT) that turn sound into frames of features.
 *
 * @module encoders
 */

export { type EncoderFacts, encoderFacts } from "./facts.js";
export type { Shape } from "./family.js";
export { type OpenEncoder, openEncoder } from "./network.js";
export {
  type AddOptions,
  addEncoder,
  findEncoder,
  listEncoders,
  readEncoder,
  removeEncoder,
} from "./store.js";
export type { EncoderInfo, EncoderWeights, Tensor } from "./types.js";
export { wav2vec2ShapeOf } from "./wav2vec2.js";
