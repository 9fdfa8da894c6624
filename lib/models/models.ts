import type { LayersModel } from "@tensorflow/tfjs";
import { attention } from "./attention.js";
import { bilstm } from "./bilstm.js";
import { clstm } from "./clstm.js";
import { cnn } from "./cnn.js";
import { cnnSmall } from "./cnn-small.js";
import type { ModelOptions } from "./layers.js";
import { lstm } from "./lstm.js";
import type { NetworkName } from "./names.js";
import { topBlocks } from "./top-blocks.js";
import { weightedLayers } from "./weighted-layers.js";

export type { ModelOptions } from "./layers.js";
export type { ModelName } from "./names.js";

/**
 * The networks by name. Each function creates a tf.layers model from `[frames, bands]` to class probabilities, with random
 * weights. In `cnn`, `cnn-small`, `lstm`, `bilstm` and `clstm`, padding counts in the mean over time, so that the mean also
 * reflects the clip's duration. Excluding it (`frameWeights`, Masking) was tried on RAVDESS's validation speakers: UAR
 * fell by two points for cnn-small and clstm, by five and three for lstm and bilstm (one seed each), and rose by three for cnn
 * (one seed).
 *
 * @throws {UsageError} for a size that the network does not take
 * @example
 * const model = await models.cnn({ frames: 100, bands: 64, classes: 7, seed: 1 });
 * model.countParams(); // => 307879
 * model.outputs[0]!.shape; // => [null, 7]
 */
export const models: Record<NetworkName, (options: ModelOptions) => Promise<LayersModel>> = {
  cnn,
  "cnn-small": cnnSmall,
  lstm,
  bilstm,
  clstm,
  attention,
  "weighted-layers": weightedLayers,
  "top-blocks": topBlocks,
};
