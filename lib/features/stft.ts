import type { Matrix } from "../base/matrix.js";
import { type FrameSettings, Kernel } from "./kernel.js";

/** librosa's defaults for a spectrogram: FFT 2048, Hann window of as much, hop a quarter of the window, centred. */
function frameSettings(partial: Partial<FrameSettings>): FrameSettings {
  const nFft = partial.nFft ?? 2048;
  const winLength = partial.winLength ?? nFft;
  const hopLength = partial.hopLength ?? Math.max(1, Math.floor(winLength / 4));
  return { nFft, winLength, hopLength, window: partial.window ?? "hann", center: partial.center ?? true };
}

/**
 * Short-time Fourier transform, `X[t, k] = sum_n w[n] x[n + t hop] exp(-2 pi i k n / nFft)`, as `librosa.stft`.
 *
 * @param samples the signal
 * @param settings what differs from FFT 2048, Hann window of the same length, hop a quarter of it, centred frames
 * @returns `re` and `im`, frames x (nFft / 2 + 1) bins
 * @example const { re, im } = stft(samples, { nFft: 512, hopLength: 160 });
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
 * Power spectrogram `|X[t, k]|^2` (or the magnitudes, with `power` 1) of {@link stft}.
 *
 * @returns frames x (nFft / 2 + 1) bins
 * @example powerSpectrogram(samples, { nFft: 512, hopLength: 160 })
 */
export function powerSpectrogram(
  samples: Float32Array,
  settings: Partial<FrameSettings> & { power?: 1 | 2 } = {},
): Matrix {
  return new Kernel(frameSettings(settings)).power(samples, settings.power ?? 2);
}
