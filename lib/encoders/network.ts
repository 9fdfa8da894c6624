import type { LayersModel } from "@tensorflow/tfjs";
import type { Matrix } from "../base/matrix.js";
import { createForward } from "../engine/forward.js";
import type { EngineName } from "../engine/trainer.js";
import { wav2vec2 } from "../models/wav2vec2.js";
import { whisper } from "../models/whisper.js";
import { readEncoder } from "./store.js";
import type { EncoderInfo, EncoderWeights } from "./types.js";
import { wav2vec2ShapeOf } from "./wav2vec2.js";

/** A loaded encoder. Call `dispose` when it is no longer needed. */
export interface OpenEncoder {
  info: EncoderInfo;
  /**
   * Computes the hidden states of all layers, side by side in each row: `[frames, (blocks + 1) * width]`, one row per 20 ms.
   *
   * @param input Whisper: log-mel frames, `[frames, 80]`, one per 10 ms; wav2vec 2.0 and HuBERT: samples at 16 kHz,
   *   `[samples, 1]`
   */
  states(input: Matrix): Promise<Matrix>;
  /** Ends the threads and frees the memory. */
  dispose(): Promise<void>;
}

function networkOf({ info, tensors }: EncoderWeights): Promise<LayersModel> {
  return info.family === "whisper" ? whisper(info) : wav2vec2(wav2vec2ShapeOf(info, tensors));
}

/**
 * Loads an encoder from the user's folder of encoders, to run it on all cores. For features of clips, `encoderFeatures` and
 * `createExtractor` do this.
 *
 * @param digest all 64 digits, see {@link findEncoder}
 * @param options the engine (default: the best available) and the number of threads (default: all cores)
 * @throws {UserError} when it is not on this machine or is damaged; the message says what to do
 * @example
 * const info = (await listEncoders()).find(({ name }) => name === "whisper-base");
 * if (info) {
 *   const encoder = await openEncoder(info.digest);
 *   const { rows } = await encoder.states({ data: new Float32Array(300 * 80), rows: 300, cols: 80 }); // 3 s of log-mel
 *   rows; // => 150
 *   await encoder.dispose();
 * }
 */
export async function openEncoder(
  digest: string,
  options: { engine?: EngineName; threads?: number } = {},
): Promise<OpenEncoder> {
  const encoder = await readEncoder(digest);
  const { info, tensors } = encoder;
  const model = await networkOf(encoder);
  try {
    const weights = model.weights.map(({ originalName }) => tensors.get(originalName)!.data);
    const forward = await createForward(model, weights, options);
    return {
      info,
      states: ({ data, rows }) => forward.run(data, rows),
      dispose: () => forward.dispose(),
    };
  } finally {
    model.dispose();
  }
}
