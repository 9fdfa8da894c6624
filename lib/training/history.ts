import { formatCsv } from "../base/table.js";

/**
 * Losses and validation UAR of one epoch. Losses are mean cross-entropies in nats. For the linear model an entry stands for one
 * penalty; for the SVM for one C and gamma, with the hinge loss in training.
 */
export interface EpochLog {
  /** From 1. */
  epoch: number;
  /** The optimised loss, including augmentation, mixup, label smoothing, weights and dropout. */
  trainLoss: number;
  validationLoss: number;
  /** In [0, 1]. */
  validationUar: number;
  /** At the epoch's last step; for the linear model the penalty, for the SVM C. */
  learningRate: number;
  /** Gamma of the SVM's kernel. */
  gamma?: number;
  seconds: number;
}

const COLUMNS = ["epoch", "trainLoss", "validationLoss", "validationUar", "learningRate", "seconds"] as const;

/** A history as CSV, one line per epoch; with a column `gamma` if the model has one. */
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
 * The setting that a baseline was fitted with, in words.
 *
 * @example triedText(history[0]) // "penalty 0.1", or "C 10, gamma 0.0114"
 */
export function triedText({ learningRate, gamma }: Pick<EpochLog, "learningRate" | "gamma">): string {
  return gamma === undefined ? `penalty ${learningRate}` : `C ${learningRate}, gamma ${gamma}`;
}
