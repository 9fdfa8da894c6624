import { groupBy } from "../base/group.js";
import { type BaselineName, isBaseline, isOwn, type NetworkName } from "../models/names.js";
import { readRecord } from "../runs/record.js";
import { triesOf } from "../training/baseline.js";
import type { TrainingSettings } from "../training/settings.js";
import type { PlannedRun } from "./plan.js";
import type { Store } from "./store.js";

/** Training time per clip and epoch in milliseconds, on one busy AVX-512 core; 100 frames of 64 bands. */
const GUESS: Record<BaselineName | NetworkName, number> = {
  ...{ majority: 0.01, linear: 1, svm: 0.5, "cnn-small": 0.5, cnn: 6, lstm: 2.5, bilstm: 5, clstm: 1.2 },
  ...{ attention: 0.5, "weighted-layers": 0.05, "top-blocks": 30 },
};

/** Largest number of entries of a history: the epochs, or the settings that a baseline tries. */
export function epochsOf({ model, epochs }: TrainingSettings): number {
  return isBaseline(model) ? triesOf(model) : epochs;
}

/**
 * Estimates how long runs will take at most (patience may end a training early), in seconds on one core: from the store's
 * finished runs of the same model, or else from a guess.
 *
 * @returns the seconds, and the models whose time is a guess
 */
export async function estimate(
  store: Store,
  all: readonly PlannedRun[],
  pending: readonly PlannedRun[],
): Promise<{ seconds: number; guessed: string[] }> {
  const models = new Set(pending.map(({ settings }) => settings.training.model));
  const left = new Set(pending.map(({ name }) => name));
  const others = all.filter(({ name, settings }) => models.has(settings.training.model) && !left.has(name));
  const spent = await spentIn(store, others);
  const guessed = new Set<string>();
  let seconds = 0;
  for (const { settings, fold } of pending) {
    const { model } = settings.training;
    const known = spent.get(model);
    if (!known) guessed.add(model);
    const each = known ? known.seconds / known.clips : GUESS[isOwn(model) ? "cnn" : model] / 1000;
    const { train, validation } = fold;
    const sizes = { train: train.length, validation: validation.length };
    seconds += each * work(settings.training, sizes, epochsOf(settings.training));
  }
  return { seconds, guessed: [...guessed].sort() };
}

/** The most runs of a model that an estimate is made from, from all over the grid: more would not make it better. */
const SAMPLE = 200;

/** The time that finished runs took, and the clips that they processed, by model. */
async function spentIn(
  store: Store,
  runs: readonly PlannedRun[],
): Promise<Map<string, { seconds: number; clips: number }>> {
  const spent = new Map<string, { seconds: number; clips: number }>();
  for (const [model, own] of groupBy(runs, ({ settings }) => settings.training.model)) {
    for (const { name, settings } of spread(own, SAMPLE)) {
      const record = await readRecord(store.runFolder(name));
      if (!record) continue;
      const { seconds, clips } = spent.get(model) ?? { seconds: 0, clips: 0 };
      const trained = work(settings.training, record.split, record.history.length);
      spent.set(model, { seconds: seconds + record.seconds.training, clips: clips + trained });
    }
  }
  return spent;
}

/** At most so many of the items, evenly spaced. */
function spread<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

/** Number of clips that a training processes: `epochs` of the first training, and all epochs of a refit. */
function work(
  { refit, epochs: all }: TrainingSettings,
  { train, validation }: { train: number; validation: number },
  epochs: number,
): number {
  return train * epochs + (refit ? (train + validation) * all : 0);
}
