/**
 * The training of one fold, and its settings.
 *
 * @module training
 */

export { AUGMENTATIONS } from "./augmentation.js";
export type { Beginning } from "./beginning.js";
export {
  type Chosen,
  type EpochLog,
  type PartResult,
  SMALL_TRAINING,
  TRAINING,
  type Trained,
  type TrainFoldOptions,
  type TrainingSettings,
  trainFold,
} from "./train.js";
