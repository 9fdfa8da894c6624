import { describe, expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { pitch } from "../../lib/features/pitch.js";

const RATE = 16000;

/** Harmonics of a frequency that may change; amplitudes by number, the first is the fundamental. */
function harmonics(hz: (t: number) => number, amplitudes: readonly number[], seconds = 0.6, rate = RATE) {
  let phase = 0;
  return Float32Array.from({ length: seconds * rate }, (_, i) => {
    phase += (2 * Math.PI * hz(i / rate)) / rate;
    return amplitudes.reduce((sum, amplitude, k) => sum + amplitude * Math.sin((k + 1) * phase), 0);
  });
}

function withNoise(samples: Float32Array, snr: number) {
  const rng = random("pitch noise");
  const power = samples.reduce((sum, value) => sum + value * value, 0) / samples.length;
  const sd = Math.sqrt(power / 10 ** (snr / 10));
  return samples.map((value) => value + sd * rng.normal());
}

const voiced = (hz: Float32Array) => [...hz].filter((value) => !Number.isNaN(value));
const SPEECH = [1, 0.8, 0.6, 0.5, 0.4, 0.3, 0.2];

describe("pitch", () => {
  test.each([70, 110, 155.6, 220, 311.1, 440])("a tone of %d Hz, within 0.3 %% in every frame", (hz) => {
    const found = pitch(
      harmonics(() => hz, [0.5]),
      RATE,
    ).hz.subarray(3, -3);
    expect(found.length).toBe(55);
    for (const value of found) expect(Math.abs(value / hz - 1)).toBeLessThan(0.003);
  });

  test.each([8000, 22050, 48000])("at %d Hz sampling rate", (rate) => {
    const { hz } = pitch(
      harmonics(() => 200, SPEECH, 0.4, rate),
      rate,
    );
    for (const value of hz.subarray(3, -3)) expect(Math.abs(value / 200 - 1)).toBeLessThan(0.003);
  });

  test("a missing fundamental is heard", () => {
    const { hz } = pitch(
      harmonics(() => 130, [0, 0, 0.5, 0.5, 0.5]),
      RATE,
    );
    for (const value of hz.subarray(3, -3)) expect(Math.abs(value / 130 - 1)).toBeLessThan(0.003);
  });

  test("a glide is followed frame by frame", () => {
    const rising = (t: number) => 120 + 200 * t;
    const { hz, hopSeconds } = pitch(harmonics(rising, SPEECH), RATE);
    for (let t = 4; t < hz.length - 4; t++)
      expect(Math.abs(hz[t]! / rising(t * hopSeconds) - 1)).toBeLessThan(0.015);
  });

  test("a voice in noise, 10 dB: nearly all voiced frames within 2 %", () => {
    const { hz } = pitch(
      withNoise(
        harmonics(() => 180, SPEECH),
        10,
      ),
      RATE,
    );
    const found = voiced(hz);
    expect(found.length).toBeGreaterThan(0.85 * hz.length);
    expect(found.filter((value) => Math.abs(value / 180 - 1) < 0.02).length).toBeGreaterThan(
      0.98 * found.length,
    );
  });

  test("where a voice dies away into noise the pitch does not leap", () => {
    const rng = random("tail");
    const voice = harmonics(() => 140, SPEECH);
    const samples = voice.map((value, i) => value * Math.exp(-i / 2000) + 0.02 * rng.normal());
    const found = voiced(pitch(samples, RATE).hz);
    expect(found.length).toBeGreaterThan(30);
    for (const value of found) expect(Math.abs(value / 140 - 1)).toBeLessThan(0.1);
  });

  test("noise has next to no voice, and is aperiodic", () => {
    const rng = random("white");
    const { hz, aperiodicity } = pitch(
      Float32Array.from({ length: RATE }, () => rng.normal()),
      RATE,
    );
    expect(voiced(hz)).toEqual([]);
    expect([...aperiodicity].sort()[50]).toBeGreaterThan(0.4);
  });

  test("silence, nothing and a single sample have no voice", () => {
    for (const length of [RATE, 0, 1]) {
      const { hz, aperiodicity } = pitch(new Float32Array(length), RATE);
      expect(hz).toHaveLength(Math.floor(length / 160) + 1);
      expect(voiced(hz)).toEqual([]);
      expect([...aperiodicity].every((value) => value === 1)).toBe(true);
    }
  });

  test("a pause between two voices has none, however its hum repeats", () => {
    const samples = harmonics((t) => (t > 0.2 && t < 0.4 ? 50 : 200), SPEECH);
    for (let i = 0.22 * RATE; i < 0.38 * RATE; i++) samples[i]! *= 0.001;
    const { hz } = pitch(samples, RATE);
    expect(voiced(hz.subarray(25, 35))).toEqual([]);
    expect(voiced(hz.subarray(3, 18))).toHaveLength(15);
  });

  test("refuses spans it cannot seek", () => {
    expect(() => pitch(new Float32Array(9), 1000)).toThrow(RangeError);
    expect(() => pitch(new Float32Array(9), RATE, { fmin: 0 })).toThrow(RangeError);
    expect(() => pitch(new Float32Array(9), RATE, { hopSeconds: 0 })).toThrow(RangeError);
  });
});
