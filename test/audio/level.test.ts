import fc from "fast-check";
import { expect, test } from "vitest";
import { LEVEL_KINDS, LevelMeter, levelText } from "../../lib/audio/level.js";

const tone = (amplitude: number, offset = 0) =>
  Float32Array.from({ length: 4000 }, (_, i) => amplitude * Math.sin(i / 7) + offset);

function kinds(samples: Float32Array, bits?: number): string[] {
  const meter = new LevelMeter(bits);
  meter.push(samples);
  return meter.faults().map(({ kind }) => kind);
}

test("nothing is wrong with a usual level, loud or soft", () => {
  for (const amplitude of [0.011, 0.1, 0.5, 0.99]) expect(kinds(tone(amplitude))).toEqual([]);
  expect(kinds(new Float32Array(0))).toEqual([]);
});

test("silence, a very low level, an offset, clipping", () => {
  expect(kinds(tone(2 ** -16))).toEqual(["silent"]);
  expect(kinds(tone(0.009))).toEqual(["faint"]);
  expect(kinds(tone(0.1, 0.02))).toEqual(["offset"]);
  expect(kinds(tone(0.1, -0.02))).toEqual(["offset"]);
  expect(kinds(tone(0.1, 0.005))).toEqual([]);
  expect(kinds(tone(0.004, 0.002))).toEqual(["faint", "offset"]);
  expect(kinds(tone(2).map((value) => Math.max(-1, Math.min(1, value))))).toEqual(["clipped"]);
});

test("full scale is that of the file's width, up to 16 bit", () => {
  const flat = tone(0.5);
  flat.fill(1 - 2 ** -7, 100, 103);
  expect(kinds(flat, 8)).toEqual(["clipped"]);
  expect(kinds(flat, 16)).toEqual([]);
});

test("pieces say what the whole says", () => {
  const samples = fc.array(fc.constantFrom(-1, -0.5, 0, 0.001, 0.3, 1), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(samples, fc.nat(60), (values, cut) => {
      const whole = Float32Array.from(values);
      const meter = new LevelMeter();
      meter.push(whole.subarray(0, cut));
      meter.push(whole.subarray(cut));
      expect(meter.faults().map(({ kind }) => kind)).toEqual(kinds(whole));
    }),
    { seed: 3 },
  );
});

test("each kind has its words, with the level or the range of it", () => {
  expect(levelText({ kind: "faint", level: -52.4 })).toBe(
    "very low level: the loudest sample is at -52 dB of full scale",
  );
  expect(levelText({ kind: "offset", level: -20 }, { kind: "offset", level: -34 })).toBe(
    "constant offset (DC) of -34 to -20 dB of full scale",
  );
  for (const kind of LEVEL_KINDS)
    expect(levelText(kind === "silent" || kind === "clipped" ? { kind } : { kind, level: -3 })).not.toBe("");
});
