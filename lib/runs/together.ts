import { UserError } from "../base/errors.js";
import type { ChosenTogether, Plan } from "../protocols/types.js";
import type { EpochLog } from "../training/history.js";
import { type RunRecord, type RunSettings, readRecord, runName } from "./record.js";

/**
 * The first training of a fold under a protocol whose folds choose together: it goes through all epochs and only tells what
 * each has on validation. `undefined` where a run has nothing to wait for.
 *
 * @param fold any of the protocol's
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
 * What the folds of a protocol choose together: the epoch with the best mean of their validation UARs, the earliest of
 * equals. `undefined` where the protocol's folds choose each for itself.
 *
 * @param folder where a run is, by its name
 * @throws {UserError} where the first training of a fold is not there
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
        `the folds of ${plan.protocol} choose the epoch together, and fold ${fold.name} has not had its first training ` +
          `(${name}), or it failed: \`ser train\` and \`ser ablate\` do those of all folds first; the same command tries again`,
      );
    histories.push(record.history);
  }
  return bestTogether(histories);
}

/**
 * The epoch with the best mean validation UAR, the earliest of equals.
 *
 * @param histories one a fold, of as many epochs
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
