import type { Matrix } from "../../lib/base/matrix.js";
import { delta } from "../../lib/features/delta.js";
import { createExtractor } from "../../lib/features/extract.js";
import { librosaSettings, type SpectralSettings } from "../../lib/features/settings.js";
import { stft } from "../../lib/features/stft.js";

/** librosa's arguments of an MFCC. */
interface MfccArguments {
  n_mfcc?: number;
  n_fft?: number;
  hop_length?: number;
  n_mels?: number;
  htk?: boolean;
  lifter?: number;
  center?: boolean;
}

/** A file of values computed by librosa 0.11.0; its matrices are bands x frames. */
export interface LibrosaCase {
  sr: number;
  n: number;
  [name: string]: unknown;
}

/** How far off a value is, as a multiple of what is allowed. */
export interface Deviation {
  name: string;
  /** Largest absolute difference, in the value's own unit. */
  difference: number;
  allowed: number;
}

const MEL: Partial<SpectralSettings> = { nFft: 512, hopLength: 160, nMels: 40 };

/** Compares every value of a case that the library computes; `every`: the case's MFCC keep only each so-manieth frame. */
export function compare(reference: LibrosaCase, samples: Float32Array): Deviation[] {
  const rate = reference.sr;
  const features = (partial: Partial<SpectralSettings>) =>
    createExtractor(librosaSettings({ sampleRate: rate, ...partial }))(samples, rate);
  const out: Deviation[] = [];
  const check = (name: string, actual: Matrix, expected: number[][], allowed: number, every = 1) => {
    out.push({ name, difference: difference(actual, expected, every), allowed });
  };
  for (const [name, value] of Object.entries(reference)) {
    if (name === "mfcc_n13_256_80") {
      const settings = { kind: "mfcc", nMfcc: 13, nFft: 256, hopLength: 80, nMels: 26 } as const;
      check(name, features(settings), value as number[][], 2e-3);
    } else if (name.startsWith("mfcc_")) {
      const bare: MfccArguments = name === "mfcc_n40" ? { n_mfcc: 40 } : {};
      const given = Array.isArray(value)
        ? { args: bare, value: value as number[][], every: 1 }
        : (value as { args: MfccArguments; value: number[][]; every?: number });
      const { n_mfcc, n_fft, hop_length, n_mels, htk, lifter, center } = given.args;
      const settings: Partial<SpectralSettings> = {
        kind: "mfcc",
        nMfcc: n_mfcc,
        nFft: n_fft,
        hopLength: hop_length,
        nMels: n_mels,
        htk,
        lifter,
        center,
      };
      const gain = 1 + (lifter ?? 0) / 2;
      check(name, features(settings), given.value, 2e-3 * gain, given.every ?? 1);
    }
  }
  const mel = reference.melspec_512_160_40 as number[][] | undefined;
  if (mel) {
    const largest = Math.max(...mel.flat());
    check("mel", features({ kind: "mel", ...MEL }), mel, 1e-5 * largest, 5);
  }
  const logmel = reference.logmel_512_160_40_every5 as number[][] | undefined;
  if (logmel) check("logmel", features({ kind: "logmel", ...MEL }), logmel, 2e-3, 5);
  if (reference.delta_w9) {
    const mfcc = features({ kind: "mfcc", nMfcc: 13 });
    check("delta", delta(mfcc), reference.delta_w9 as number[][], 2e-3);
    check("delta2", delta(mfcc, 2), reference.delta2_w9 as number[][], 2e-3);
  }
  const frame = reference.stft_512_160_frame10 as { re: number[]; im: number[] } | undefined;
  if (frame) {
    const { re, im } = stft(samples, { nFft: 512, hopLength: 160 });
    const row = (m: Matrix): Matrix => ({
      data: m.data.subarray(10 * m.cols, 11 * m.cols),
      rows: 1,
      cols: m.cols,
    });
    const column = (values: number[]) => values.map((value) => [value]);
    const largest = Math.max(1e-9, ...frame.re.map(Math.abs), ...frame.im.map(Math.abs));
    check("stft re", row(re), column(frame.re), 1e-6 * largest);
    check("stft im", row(im), column(frame.im), 1e-6 * largest);
  }
  return out;
}

/** Largest absolute difference between frames x bands and librosa's bands x frames. */
function difference(actual: Matrix, expected: number[][], every: number): number {
  const frames = expected[0]!.length;
  if (actual.cols !== expected.length || Math.ceil(actual.rows / every) !== frames)
    return Number.POSITIVE_INFINITY;
  let largest = 0;
  expected.forEach((band, col) => {
    band.forEach((value, frame) => {
      largest = Math.max(largest, Math.abs(actual.data[frame * every * actual.cols + col]! - value));
    });
  });
  return largest;
}
