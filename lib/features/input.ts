import * as v from "valibot";
import type { Matrix } from "../base/matrix.js";
import { number } from "../base/schema.js";
import { fixLength } from "./crop.js";
import { normalise, normaliserSchema } from "./normalise.js";
import { clipStatistics } from "./statistics.js";

/** The entries of the schema of `InputSettings`. */
export const INPUT_ENTRIES = {
  normaliser: normaliserSchema,
  /** Shorter clips are padded at the end with the mean, longer ones are cropped to their middle. */
  frames: number("Frames per input.", { from: 1, whole: true }),
  /** `statistics`: the input is one frame, the statistics of the clip. Default `frames`: the features themselves. */
  input: v.optional(v.picklist(["frames", "statistics"])),
};
const inputSchema = v.object(INPUT_ENTRIES);

/** How a clip's features become the input of a model. */
export type InputSettings = v.InferOutput<typeof inputSchema>;

/** What is normalised: the features themselves, or one row with their statistics. */
export function modelFeatures(features: Matrix, input: InputSettings["input"]): Matrix {
  if (input !== "statistics") return features;
  const data = clipStatistics(features);
  return { data, rows: 1, cols: data.length };
}

/**
 * The input of a model from the features of a clip. Training without augmentation and prediction both use it.
 *
 * @returns `frames * columns` numbers
 */
export function networkInput(
  features: Matrix,
  { normaliser, frames, input }: InputSettings,
  speaker?: string,
): Float32Array {
  return fixLength(normalise(normaliser, modelFeatures(features, input), speaker), frames).data;
}
