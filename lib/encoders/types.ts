import * as v from "valibot";
import { oneOf, strict, text, whole } from "../base/schema.js";

const digest = v.pipe(
  v.string(),
  v.regex(/^[0-9a-f]{64}$/),
  v.description("SHA-256 of the tensors"),
  v.metadata({ takes: "64 hexadecimal digits" }),
);

/** The schema of {@link EncoderInfo}. */
export const encoderInfoSchema = strict("an encoder", {
  name: text("what it is called here"),
  family: oneOf("the kind of network", ["whisper", "wav2vec2", "hubert"]),
  digest,
  blocks: whole("blocks of attention and feed-forward part", 1, 1024),
  width: whole("values of a frame", 1, 65_536),
  heads: whole("heads of attention", 1, 1024),
  hidden: whole("width of the feed-forward part", 1, 1_048_576),
  bands: whole("mel bands of the input; 0 where it takes samples", 0, 1024),
  positions: whole("most frames of one window; 0 where there is no limit", 0, 1_048_576),
  parameters: whole("weights", 1, 1e12),
  licence: text("licence of the weights"),
  source: text("where the weights are from"),
});

/**
 * Name, sizes and origin of an encoder, without its weights. `digest` identifies it on every machine: SHA-256 over the number of
 * heads and over the names, types, shapes and bytes of its tensors.
 */
export type EncoderInfo = v.InferOutput<typeof encoderInfoSchema>;

/** Values with a shape. */
export interface Tensor {
  shape: number[];
  /** In C order: the last index changes fastest. */
  data: Float32Array;
}

/** An encoder with its weights. */
export interface EncoderWeights {
  info: EncoderInfo;
  /** Named and shaped as the weights of the tf.layers model: `block0.qkv/kernel` is `[width, 3 * width]`. */
  tensors: Map<string, Tensor>;
}
