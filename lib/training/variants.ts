import type { Matrix } from "../base/matrix.js";
import { runPool } from "../base/pool.js";
import { Progress } from "../base/progress.js";
import type { Clip } from "../corpora/clip.js";
import type { FeatureSettings } from "../features/settings.js";
import { type AugmentationSettings, changesSound } from "./augmentation.js";
import type { VariantsTask } from "./variants.worker.js";

/** The features of a training clip with changed sound, and the clip it was made from. */
export interface Variant {
  /** The clip's id. */
  parent: string;
  features: Matrix;
}

/**
 * The features of variants of training clips, changed in speed and pitch and with added noise, computed on all cores. They
 * depend on seed, clip id and number of the variant only, and are not cached on disk.
 *
 * @param clips the training clips, never those of other parts
 * @returns for each clip its variants; empty lists when the settings do not change the sound
 * @example const variants = await soundVariants(train, featureSettings(), { speed: 0.1, copies: 2 }, { seed: 1 });
 */
export async function soundVariants(
  clips: readonly Clip[],
  features: FeatureSettings,
  augmentation: AugmentationSettings,
  options: { seed: number; threads?: number; signal?: AbortSignal; quiet?: boolean },
): Promise<Variant[][]> {
  // The features of an encoder or a table take no augmentation that changes the sound.
  if (!changesSound(augmentation) || features.kind === "encoder" || features.kind === "table")
    return clips.map(() => []);
  const { copies = 2 } = augmentation;
  const tasks = clips.map(({ id, path, start, end }): VariantsTask => {
    const seed = `${options.seed}/sound/${id}`;
    return { path, start, end, seed, features, augmentation, copies };
  });
  const variants: Variant[][] = clips.map(() => []);
  const progress = new Progress("variants", clips.length, { quiet: options.quiet });
  const { threads, signal } = options;
  const pool = runPool<VariantsTask, Matrix[]>("training/variants.worker", tasks, { threads, signal });
  for await (const { index, result } of pool) {
    variants[index] = result.map((matrix) => ({ parent: clips[index]!.id, features: matrix }));
    progress.step();
  }
  progress.done();
  return variants;
}
