import { formatCsv } from "../base/table.js";

/** One epoch's figures; losses are mean cross-entropies in nats. Of the linear model: those of one penalty. */
export interface EpochLog {
  epoch: number;
  /** As it was optimised: with augmentation, mixup, smoothing, weights and dropout where there are any. */
  trainLoss: number;
  validationLoss: number;
  validationUar: number;
  /** Of the epoch's last step; of the linear model the penalty. */
  learningRate: number;
  seconds: number;
}

const COLUMNS = ["epoch", "trainLoss", "validationLoss", "validationUar", "learningRate", "seconds"] as const;

/** A history as CSV, one line an epoch. */
export function historyCsv(history: readonly EpochLog[]): string {
  return formatCsv(
    COLUMNS,
    history.map((log) => COLUMNS.map((column) => log[column])),
  );
}
