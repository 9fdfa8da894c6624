import { readSegment, type Segment } from "../audio/segment.js";
import type { Matrix } from "../base/matrix.js";
import type { WorkerAnswer } from "../base/pool.js";
import { random } from "../base/random.js";
import { createExtractor, type Extractor } from "../features/extract.js";
import type { SpectralSettings } from "../features/settings.js";
import type { AugmentationSettings } from "./augmentation.js";
import { varySound } from "./sound.js";

export interface VariantsTask extends Segment {
  /** Seed of the clip's random numbers. */
  seed: string;
  features: SpectralSettings;
  augmentation: AugmentationSettings;
  copies: number;
}

let extract: Extractor | undefined;

/** The features of the variants of one clip. A pool's tasks all have the same feature settings. */
export async function handle(task: VariantsTask): Promise<WorkerAnswer<Matrix[]>> {
  const { seed, features, augmentation, copies } = task;
  extract ??= createExtractor(features);
  const { samples, sampleRate } = await readSegment(task);
  const result: Matrix[] = [];
  for (let copy = 0; copy < copies; copy++) {
    const rng = random(`${seed}/${copy}`);
    const { data, rows, cols } = extract(varySound(samples, sampleRate, augmentation, rng), sampleRate);
    result.push({ data: data.slice(), rows, cols });
  }
  return { result, transfer: result.map(({ data }) => data.buffer as ArrayBuffer) };
}
