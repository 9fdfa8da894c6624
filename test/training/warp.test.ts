import { expect, test } from "vitest";
import type { Matrix } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import { createExtractor } from "../../lib/features/extract.js";
import { featureSettings, type SpectralSettings } from "../../lib/features/settings.js";
import { changeSpeed } from "../../lib/training/sound.js";
import { warpSpectrogram } from "../../lib/training/warp.js";

const SETTINGS = featureSettings({ kind: "logmel", nFft: 1024, winLength: 1024, hopLength: 480 });

/** Noise with the resonances of a vowel, which glide, louder and softer by syllables. */
function speech(): Float32Array {
  const rng = random("speech");
  const out = new Float32Array(32_000);
  const poles = [500, 1500, 2500, 3500].map((hz) => ({ hz, before: 0, last: 0 }));
  for (let n = 0; n < out.length; n++) {
    const noise = rng.normal();
    for (const pole of poles) {
      const hz = pole.hz * (1 + 0.2 * Math.sin(n / 5000));
      const next =
        noise + 2 * 0.98 * Math.cos((2 * Math.PI * hz) / 16_000) * pole.last - 0.98 ** 2 * pole.before;
      pole.before = pole.last;
      pole.last = next;
      out[n]! += 0.002 * next * (1 + Math.sin(n / 1200));
    }
  }
  return out;
}

function distance(a: Matrix, b: Matrix): number {
  const rows = Math.min(a.rows, b.rows) * a.cols;
  let sum = 0;
  for (let i = 0; i < rows; i++) sum += Math.abs(a.data[i]! - b.data[i]!);
  return sum / rows;
}

test.each([0.85, 1.15])("both factors at %s come near what a tape at that speed gives", (factor) => {
  const extract = createExtractor(SETTINGS);
  const sound = speech();
  const tape = extract(changeSpeed(sound, factor), 16_000);
  const plain = extract(sound, 16_000);
  const near = warpSpectrogram(plain, { vocalTract: factor, tempo: factor }, SETTINGS);
  expect(Math.abs(near.rows - tape.rows)).toBeLessThanOrEqual(1);
  const onlyTime = warpSpectrogram(plain, { vocalTract: 1, tempo: factor }, SETTINGS);
  // Two thirds of what is left is the noise itself, which is another at another speed.
  expect(distance(near, tape)).toBeLessThan(0.75 * distance(onlyTime, tape));
});

const ramp = (rows: number, settings: SpectralSettings): Matrix => {
  const cols = settings.nMels * (1 + settings.deltas);
  return { rows, cols, data: Float32Array.from({ length: rows * cols }, (_, i) => Math.floor(i / cols)) };
};

test("a factor of 1 changes nothing, a tempo of 2 keeps the ends and halves the frames", () => {
  const rising = ramp(41, SETTINGS);
  expect(warpSpectrogram(rising, { vocalTract: 1, tempo: 1 }, SETTINGS).data).toEqual(rising.data);
  const half = warpSpectrogram(rising, { vocalTract: 1, tempo: 2 }, SETTINGS);
  expect(half.rows).toBe(21);
  expect(Array.from({ length: 21 }, (_, t) => half.data[64 * t])).toEqual(
    Array.from({ length: 21 }, (_, t) => 2 * t),
  );
  expect(warpSpectrogram(ramp(1, SETTINGS), { vocalTract: 1.1, tempo: 3 }, SETTINGS).rows).toBe(1);
});

test("a peak at 2000 Hz goes to 2200 Hz with a vocal tract shorter by a tenth, its deltas along", () => {
  const settings = { ...SETTINGS, deltas: 1 as const };
  const extract = createExtractor({ ...settings, topDb: null });
  const tone = (hz: number) =>
    extract(
      Float32Array.from({ length: 4800 }, (_, n) => Math.sin((2 * Math.PI * hz * n) / 16_000)),
      16_000,
    );
  const warped = warpSpectrogram(tone(2000), { vocalTract: 1.1, tempo: 1 }, settings);
  const loudest = ({ data }: Matrix) => {
    const bands = [...data.subarray(4 * 128, 4 * 128 + 64)];
    return bands.indexOf(Math.max(...bands));
  };
  expect(Math.abs(loudest(warped) - loudest(tone(2200)))).toBeLessThanOrEqual(1);
  expect(loudest(warped)).toBeGreaterThan(loudest(tone(2000)));
});
