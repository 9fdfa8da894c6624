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
 * The networks by name: each makes a tf.layers model from `[frames, bands]` to class probabilities. In the means
 * over time of all but `attention` padding counts, so that a mean also tells how long the clip is. Leaving it out (frameWeights, Masking)
 * was tried on RAVDESS's validation speakers: two points of UAR less for cnn-small and clstm, five and three less for
 * lstm and bilstm (one seed each), three more for cnn (one seed).
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
