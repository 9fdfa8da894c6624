import type { LayersModel } from "@tensorflow/tfjs";
import { cnn } from "./cnn.js";

export interface ModelOptions {
  /** Frames of an input. */
  frames: number;
  /** Columns of an input: bands or coefficients, with their deltas. */
  bands: number;
  /** Number of classes. */
  classes: number;
  /** Of the initial weights. */
  seed: number;
}

/** The networks by name: each makes a tf.layers model from frames to class probabilities. */
export const models = { cnn } satisfies Record<string, (options: ModelOptions) => Promise<LayersModel>>;

export type ModelName = keyof typeof models;
