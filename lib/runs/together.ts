import { UserError } from "../base/errors.js";
import type { ChosenTogether, Plan } from "../protocols/types.js";
import type { EpochLog } from "../training/history.js";
import { type RunRecord, type RunSettings, readRecord, runName } from "./record.js";

/**
 * The first training of a fold under a protocol that chooses the epoch over all folds: it runs all epochs and only records
 * their validation UARs.
 *
 * @param fold any fold of the protocol
 * @returns `undefined` if the run needs no first training
 */
export function firstOf(
  plan: Pick<Plan, "together">,
  settings: RunSettings,
  fold: string,
): RunSettings | undefined {
  const { score, training } = settings;
  if (!plan.together || score === "none" || training.model === "majority") return undefined;
  const { refit: _, ...first } = training;
  return { ...settings, fold, score: "none", training: { ...first, patience: first.epochs } };
}

/**
 * Chooses the epoch over all folds of a protocol: the one with the best mean validation UAR, the earliest on ties.
 *
 * @param folder of a run, by its name
 * @returns `undefined` if each fold of the protocol chooses for itself
 * @throws {UserError} if the first training of a fold is missing
 */
export async function chooseTogether(
  plan: Plan,
  settings: RunSettings,
  folder: (name: string) => string,
): Promise<ChosenTogether | undefined> {
  const histories: EpochLog[][] = [];
  for (const fold of plan.folds) {
    const first = firstOf(plan, settings, fold.name);
    if (!first) return undefined;
    const { name } = runName(first, fold, plan.clips);
    const record: RunRecord | undefined = await readRecord(folder(name));
    if (record?.name !== name)
      throw new UserError(
        `${plan.protocol} chooses the epoch over all folds, and the first training of fold ${fold.name} (${name}) is missing ` +
          `or failed: \`ser train\` and \`ser ablate\` run those of all folds first; run the same command again`,
      );
    histories.push(record.history);
  }
  return bestTogether(histories);
}

/**
 * The epoch with the best mean validation UAR, the earliest on ties.
 *
 * @param histories one per fold, all of the same length
 * @example bestTogether([[{ validationUar: 0.5 }, { validationUar: 0.4 }], [{ validationUar: 0.1 }, { validationUar: 0.3 }]]).epoch // 2
 */
export function bestTogether(histories: readonly (readonly { validationUar: number }[])[]): ChosenTogether {
  const epochs = Math.min(...histories.map(({ length }) => length));
  const means = Array.from({ length: epochs }, (_, e) => {
    return histories.reduce((sum, history) => sum + history[e]!.validationUar, 0) / histories.length;
  });
  const best = means.reduce((least, mean, e) => (mean > means[least]! ? e : least), 0);
  return { epoch: best + 1, validationUar: means[best]!, folds: histories.length };
}
