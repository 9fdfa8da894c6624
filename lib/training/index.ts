/**
 * The training of one fold, and its settings.
 *
 * @module training
 */

export { AUGMENTATIONS } from "./augmentation.js";
export {
  type EpochLog,
  SMALL_TRAINING,
  TRAINING,
  type Trained,
  type TrainFoldOptions,
  type TrainingSettings,
  trainFold,
} from "./train.js";
