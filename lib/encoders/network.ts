import type { Matrix } from "../base/matrix.js";
import { createForward } from "../engine/forward.js";
import { whisper } from "../models/whisper.js";
import { readEncoder } from "./store.js";
import type { EncoderInfo } from "./types.js";

/** An encoder that is ready to hear. */
export interface OpenEncoder {
  info: EncoderInfo;
  /**
   * The states of all layers, side by side in each row: `[frames, (blocks + 1) * width]`.
   *
   * @param input Whisper: log-mel frames; others: samples, one a row
   */
  states(input: Matrix): Promise<Matrix>;
  dispose(): Promise<void>;
}

/**
 * Loads an encoder from the user's cache and compiles it.
 *
 * @param named its digest or name
 * @throws {UserError} when it is not there, with how to get it
 */
export async function openEncoder(digest: string, options: { threads?: number } = {}): Promise<OpenEncoder> {
  const { info, tensors } = await readEncoder(digest);
  const model = await whisper(info);
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
