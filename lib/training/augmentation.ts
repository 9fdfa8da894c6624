import * as v from "valibot";
import type { Matrix } from "../base/matrix.js";
import { zeros } from "../base/matrix.js";
import type { Random } from "../base/random.js";
import { number, type Say, strict, whole } from "../base/schema.js";
import { lifterGains } from "../features/mfcc.js";
import type { FeatureSettings, SpectralSettings } from "../features/settings.js";

const MANY = 1e5;
const decibels = (description: string) => number(description, { from: -200, to: 200, unit: "dB" });

/**
 * Augmentation of training clips, never of others. Absent settings are off. Everything is drawn anew each epoch, except
 * speed, pitch and noise, which are applied to the sound: `copies` variants of each clip are made before the training, and
 * each epoch uses the original or one of them.
 */
export const augmentationSchema = strict("Augmentation of training clips; absent settings are off.", {
  timeMasks: v.optional(whole("SpecAugment: number of time masks, set to the mean.", 0, MANY)),
  timeMaskWidth: v.optional(whole("SpecAugment: the longest time mask.", 0, MANY, { unit: "frames" })),
  bandMasks: v.optional(
    whole("SpecAugment: number of masks over bands (MFCC: coefficients), set to the mean.", 0, MANY),
  ),
  bandMaskWidth: v.optional(whole("SpecAugment: the widest band mask.", 0, MANY, { unit: "bands" })),
  shift: v.optional(
    whole(
      "Largest shift of a clip's start, earlier or later; a clip longer than an input is also cropped at random.",
      0,
      MANY,
      { unit: "frames" },
    ),
  ),
  gain: v.optional(number("Largest change of loudness.", { from: 0, to: 200, unit: "dB" })),
  speed: v.optional(
    number("Largest change of speed, as a share; pitch and formants change with it; 0.1 is usual.", {
      from: 0,
      to: 0.5,
    }),
  ),
  pitch: v.optional(
    number("Largest change of pitch at the same speed; formants move with it.", {
      ...{ from: 0, to: 12, unit: "semitones" },
    }),
  ),
  vocalTract: v.optional(
    number(
      "Vocal tract length perturbation: largest scaling of all frequencies, as a share; not for MFCC; 0.1 is usual.",
      { from: 0, to: 0.5 },
    ),
  ),
  tempo: v.optional(number("Largest change of speed at the same pitch, as a share.", { from: 0, to: 0.5 })),
  noise: v.optional(
    v.pipe(
      v.tuple([decibels("Lowest."), decibels("Highest.")]),
      v.readonly(),
      v.description("White noise at a signal-to-noise ratio drawn from this range, in dB."),
    ),
  ),
  copies: v.optional(whole("Variants of each clip by speed, pitch and noise.", 1, 1000, { usual: 2 })),
});
export type AugmentationSettings = v.InferOutput<typeof augmentationSchema>;

/**
 * Augmentations by name, with amounts that suit a few thousand clips of a few seconds, in frames of 10 to 30 ms: `masks`
 * (SpecAugment), `shift` in time (frames), `gain` (dB), `speed` (share), `pitch` (semitones), `warp` (vocal tract length and
 * tempo, shares), `noise` (range of the SNR, dB).
 *
 * @example
 * const augmentation = { ...AUGMENTATIONS.masks, ...AUGMENTATIONS.speed };
 * const settings: TrainingSettings = { ...TRAINING, augmentation };
 * settings.augmentation.speed; // => 0.1
 */
export const AUGMENTATIONS = {
  masks: { timeMasks: 2, timeMaskWidth: 12, bandMasks: 2, bandMaskWidth: 8 },
  shift: { shift: 8 },
  gain: { gain: 6 },
  speed: { speed: 0.1 },
  pitch: { pitch: 2 },
  warp: { vocalTract: 0.12, tempo: 0.12 },
  noise: { noise: [10, 30] },
} as const satisfies Record<string, AugmentationSettings>;

export type AugmentationName = keyof typeof AUGMENTATIONS;

/**
 * Reports the augmentations that the features do not allow.
 *
 * @param features their settings
 */
export function augmentationRules(
  features: FeatureSettings,
  augmentation: AugmentationSettings,
  say: Say,
): void {
  if (features.kind === "mfcc" && augmentation.vocalTract)
    say("warp moves mel bands, which MFCC do not have: use logmel, or leave it out");
  if (features.kind === "table" && Object.keys(augmentation).length > 0)
    say("a table's columns have no sound or frames to change: leave it out");
  if (features.kind !== "encoder" || Object.keys(augmentation).length === 0) return;
  const { gain, vocalTract, tempo } = augmentation;
  if (features.pooling === "statistics")
    say("the statistics of an encoder have no frames to change: use pooling frames, or leave it out");
  else if (changesSound(augmentation) || gain || vocalTract || tempo)
    say(
      "an encoder's frames take only masks and shift: the others would need the encoder to run again on each clip",
    );
}

/** Whether the settings change the sound, so that variants of the clips have to be extracted. */
export function changesSound({ speed, pitch, noise }: AugmentationSettings): boolean {
  return speed !== undefined || pitch !== undefined || noise !== undefined;
}

/**
 * The features of the same sound, louder by `gain` dB. Exact unless values lie at the floor of the logarithm: a log-mel
 * spectrogram rises as a whole, MFCC rise in coefficient 0 by `gain * sqrt(mel bands)` times its lifter, and powers are
 * multiplied. Deltas of logarithms do not change, nor do features relative to the loudest value.
 *
 * @param matrix features before normalisation; a new matrix is returned
 * @param gain dB
 * @param settings of the features
 * @example applyGain(matrix, 6, settings) // twice the amplitude
 */
export function applyGain(matrix: Matrix, gain: number, settings: SpectralSettings): Matrix {
  const { rows, cols } = matrix;
  const data = matrix.data.slice();
  if (settings.reference === "max") return { rows, cols, data };
  if (settings.kind === "mel") {
    const factor = 10 ** ((gain / 20) * settings.power);
    return { rows, cols, data: data.map((value) => value * factor) };
  }
  // Decibels here are 10 log10 of what the mel bands hold, which is amplitude where `power` is 1.
  const rise = (gain * settings.power) / 2;
  const mfcc = settings.kind === "mfcc";
  const amount = mfcc ? rise * Math.sqrt(settings.nMels) * lifterGains(1, settings.lifter)[0]! : rise;
  const touched = mfcc ? 1 : settings.nMels;
  for (let t = 0; t < rows; t++) for (let col = 0; col < touched; col++) data[t * cols + col]! += amount;
  return { rows, cols, data };
}

/**
 * `frames` frames of a clip from its frame `first` on; frames outside the clip are 0.
 *
 * @param first may be negative: the clip then starts later
 */
export function placeFrames(matrix: Matrix, first: number, frames: number): Matrix {
  const { data, rows, cols } = matrix;
  const out = zeros(frames, cols);
  const from = Math.max(0, first);
  const to = Math.min(rows, first + frames);
  if (from < to) out.data.set(data.subarray(from * cols, to * cols), (from - first) * cols);
  return out;
}

/**
 * The frame where a training clip's input starts: a random place in a clip longer than the input, else the start of the
 * clip; moved by up to `shift` frames.
 */
export function drawStart(rows: number, frames: number, shift: number, rng: Random): number {
  const spare = Math.max(0, rows - frames);
  const moved = rng.int(2 * shift + 1) - shift;
  return (spare > 0 ? rng.int(spare + 1) : 0) + moved;
}

/**
 * SpecAugment (Park et al. 2019) without time warping, in place. Each mask's width is drawn uniformly from 0 to the widest,
 * then its place from all where it fits. Masked values are set to 0, the mean of normalised features. Deltas are masked
 * with their bands.
 *
 * @param matrix normalised features
 * @param settings masks and widths; a time mask covers at most half of the clip
 * @param bands number of columns without deltas
 * @param rng draws widths and places
 */
export function maskSpectrogram(
  matrix: Matrix,
  settings: AugmentationSettings,
  bands: number,
  rng: Random,
): void {
  const { data, rows, cols } = matrix;
  const { timeMasks = 0, timeMaskWidth = 0, bandMasks = 0, bandMaskWidth = 0 } = settings;
  for (let mask = 0; mask < timeMasks; mask++) {
    const { start, end } = drawMask(Math.min(timeMaskWidth, Math.floor(rows / 2)), rows, rng);
    data.fill(0, start * cols, end * cols);
  }
  for (let mask = 0; mask < bandMasks; mask++) {
    const { start, end } = drawMask(Math.min(bandMaskWidth, bands - 1), bands, rng);
    for (let col = 0; col < cols; col++) {
      if (col % bands < start || col % bands >= end) continue;
      for (let t = 0; t < rows; t++) data[t * cols + col] = 0;
    }
  }
}

function drawMask(widest: number, size: number, rng: Random): { start: number; end: number } {
  const width = rng.int(widest + 1);
  const start = rng.int(size - width + 1);
  return { start, end: start + width };
}
