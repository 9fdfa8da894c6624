import type { LayersModel } from "@tensorflow/tfjs";
import type { Matrix } from "../base/matrix.js";
import { createForward } from "../engine/forward.js";
import type { EngineName } from "../engine/trainer.js";
import { wav2vec2 } from "../models/wav2vec2.js";
import { whisper } from "../models/whisper.js";
import { readEncoder } from "./store.js";
import type { EncoderInfo, EncoderWeights } from "./types.js";
import { wav2vec2ShapeOf } from "./wav2vec2.js";

/** An encoder that is ready to hear. */
export interface OpenEncoder {
  info: EncoderInfo;
  /**
   * The states of all layers, side by side in each row: `[frames, (blocks + 1) * width]`.
   *
   * @param input Whisper: log-mel frames; others: samples at 16 kHz, one a row
   */
  states(input: Matrix): Promise<Matrix>;
  dispose(): Promise<void>;
}

function networkOf({ info, tensors }: EncoderWeights): Promise<LayersModel> {
  return info.family === "whisper" ? whisper(info) : wav2vec2(wav2vec2ShapeOf(info, tensors));
}

/**
 * Loads an encoder from the user's folder and makes it ready, on all cores.
 *
 * @param digest all 64 digits
 * @throws {UserError} when it is not there or damaged, saying what to do
 * @example const { states } = await openEncoder(outlineOf("whisper-base").digest);
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
