import { expect, test } from "vitest";
import { powerSpectrogram, stft } from "../../lib/features/stft.js";
import { SIGNALS } from "./signals.js";

test("Parseval: a frame's energy is its spectrum's over the length", () => {
  const signal = SIGNALS.lcgnoise!(16000, 512);
  const { data } = powerSpectrogram(signal, { nFft: 512, window: "boxcar", center: false });
  const energy = signal.reduce((sum, x) => sum + x * x, 0);
  const both = data.reduce((sum, p, k) => sum + (k === 0 || k === 256 ? p : 2 * p), 0);
  expect(both / 512).toBeCloseTo(energy, 4);
});

test("a tone is in its own bin", () => {
  const { data, cols } = powerSpectrogram(SIGNALS.sine440!(16000, 16000), { nFft: 1600, hopLength: 400 });
  const frame = data.subarray(10 * cols, 11 * cols);
  expect(frame.indexOf(Math.max(...frame))).toBe(44);
});

test("shapes, and the defaults of librosa", () => {
  const signal = SIGNALS.chirp!(22050, 22050);
  const { re, im } = stft(signal);
  expect([re.rows, re.cols, im.rows, im.cols]).toEqual([44, 1025, 44, 1025]);
  expect(stft(signal, { winLength: 400, nFft: 512 }).re.rows).toBe(1 + Math.floor(22050 / 100));
});
