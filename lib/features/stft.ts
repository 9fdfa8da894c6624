import type { Matrix } from "../base/matrix.js";
import { type FrameSettings, Kernel } from "./kernel.js";

/** librosa's defaults for a spectrogram: FFT and Hann window 2048, hop a quarter of the window, centred frames. */
function frameSettings(partial: Partial<FrameSettings>): FrameSettings {
  const nFft = partial.nFft ?? 2048;
  const winLength = partial.winLength ?? nFft;
  const hopLength = partial.hopLength ?? Math.max(1, Math.floor(winLength / 4));
  return { nFft, winLength, hopLength, window: partial.window ?? "hann", center: partial.center ?? true };
}

/**
 * Short-time Fourier transform, `X[t, k] = sum_n w[n] x[n + t hop] exp(-2 pi i k n / nFft)`, as `librosa.stft` (which
 * returns bins x frames).
 *
 * @param samples mono
 * @param settings the settings that differ from librosa's defaults: FFT 2048, Hann window of the same length, hop a
 *   quarter of it, centred frames
 * @returns real and imaginary parts, frames x (floor(nFft / 2) + 1) bins
 * @example
 * const { re, im } = stft(Float32Array.of(1, 2, 3, 4), { nFft: 4, window: "boxcar", center: false });
 * toRows(re); // => [[10, -2, -2]]
 * toRows(im); // => [[0, 2, 0]]
 */
export function stft(
  samples: Float32Array,
  settings: Partial<FrameSettings> = {},
): { re: Matrix; im: Matrix } {
  const pairs = new Kernel(frameSettings(settings)).complex(samples);
  const part = (offset: number): Matrix => ({
    data: Float32Array.from({ length: pairs.data.length / 2 }, (_, i) => pairs.data[2 * i + offset]!),
    rows: pairs.rows,
    cols: pairs.cols / 2,
  });
  return { re: part(0), im: part(1) };
}

/**
 * Power spectrogram `|X[t, k]|^2` of {@link stft}, or with `power: 1` the magnitudes.
 *
 * @param samples mono
 * @param settings as for `stft`, and `power`, default 2
 * @returns frames x (floor(nFft / 2) + 1) bins
 * @example
 * toRows(powerSpectrogram(Float32Array.of(1, 2, 3, 4), { nFft: 4, window: "boxcar", center: false })); // => [[100, 8, 4]]
 */
export function powerSpectrogram(
  samples: Float32Array,
  settings: Partial<FrameSettings> & { power?: 1 | 2 } = {},
): Matrix {
  return new Kernel(frameSettings(settings)).power(samples, settings.power ?? 2);
}
