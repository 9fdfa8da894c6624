import type { Matrix } from "../base/matrix.js";
import { fixLength } from "../features/crop.js";
import { type Normaliser, normalise } from "../features/normalise.js";

/** What turns a clip's features into the input of a network. */
export interface InputSettings {
  normaliser: Normaliser;
  /** Frames of an input: shorter clips are padded at the end with the mean, longer ones cut around their middle. */
  frames: number;
}

/**
 * The input of a network from the features of a clip. Training and prediction both come through here.
 *
 * @returns `frames * features.cols` numbers
 */
export function networkInput(
  features: Matrix,
  { normaliser, frames }: InputSettings,
  speaker?: string,
): Float32Array {
  return fixLength(normalise(normaliser, features, speaker), frames).data;
}
