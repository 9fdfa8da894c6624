import { formatCsv } from "../base/table.js";

/**
 * One epoch's figures; losses are mean cross-entropies in nats. Of the linear model: those of one penalty; of the svm: of one C
 * and gamma, with the hinge loss in training.
 */
export interface EpochLog {
  epoch: number;
  /** As it was optimised: with augmentation, mixup, smoothing, weights and dropout where there are any. */
  trainLoss: number;
  validationLoss: number;
  validationUar: number;
  /** Of the epoch's last step; of the linear model the penalty, of the svm C. */
  learningRate: number;
  /** Of the svm's kernel. */
  gamma?: number;
  seconds: number;
}

const COLUMNS = ["epoch", "trainLoss", "validationLoss", "validationUar", "learningRate", "seconds"] as const;

/** A history as CSV, one line an epoch; the column `gamma` is there where the model has one. */
export function historyCsv(history: readonly EpochLog[]): string {
  const columns = [
    ...COLUMNS,
    ...(history.some(({ gamma }) => gamma !== undefined) ? ["gamma" as const] : []),
  ];
  return formatCsv(
    columns,
    history.map((log) => columns.map((column) => log[column])),
  );
}

/**
 * What a baseline was fitted with.
 *
 * @example triedText(history[0]) // "penalty 0.1", or "C 10, gamma 0.0114"
 */
export function triedText({ learningRate, gamma }: Pick<EpochLog, "learningRate" | "gamma">): string {
  return gamma === undefined ? `penalty ${learningRate}` : `C ${learningRate}, gamma ${gamma}`;
}
