/**
 * The engine: executes any tf.layers model on the best backend of the machine, one update or one forward pass at a time.
 *
 * @module engine
 */

export { detectEngines, type EngineStatus } from "./detect.js";
export {
  type Batch,
  createTrainer,
  type EngineName,
  type Inputs,
  type OptimizerSettings,
  predict,
  type Trainer,
  type TrainerOptions,
} from "./engine.js";
export { createForward, type Forward, type ForwardOptions, type ForwardOutput } from "./forward.js";
export type { FrameWeights, FrameWeightsOutput } from "./layers/frame-weights.js";
export { startTfjs, tf } from "./tfjs.js";
export type { TrainerState } from "./trainer.js";
export type { AdapterInfo } from "./webgpu/device.js";
