import { describe, expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import {
  bandAt,
  decibelRange,
  envelopeOf,
  frameImage,
  frequencyTicks,
  melCentres,
  outline,
  peakOf,
  timeTicks,
} from "../../lib/figures/sound.js";

describe("envelopeOf", () => {
  test("least and greatest sample of each stretch", () => {
    const envelope = envelopeOf(Float32Array.of(0, 0.5, -1, 0.25), 2, 2);
    expect(envelope).toEqual({
      low: Float32Array.of(0, -1),
      high: Float32Array.of(0.5, 0.25),
      seconds: 2,
    });
    expect(peakOf(envelope)).toBe(1);
    expect(outline(envelope)).toEqual({ x: [0.5, 1.5, 1.5, 0.5], y: [0.5, 0.25, -1, 0] });
  });

  test("silence and nothing can be scaled by their peak", () => {
    expect(peakOf(envelopeOf(new Float32Array(9), 9))).toBe(1);
    expect(peakOf(envelopeOf(new Float32Array(0), 9))).toBe(1);
  });
});

describe("frameImage", () => {
  const frames = fromRows([
    [1, 10],
    [3, 20],
    [5, 30],
    [7, 0],
  ]);

  test("the loudest of each stretch, bands from below", () => {
    expect(frameImage(frames, 0.1, { columns: 2 })).toEqual({
      z: [
        [3, 7],
        [20, 30],
      ],
      x0: 0.05,
      dx: 0.2,
    });
  });

  test("or the mean", () => {
    expect(frameImage(frames, 0.1, { columns: 2, mean: true }).z).toEqual([
      [2, 6],
      [15, 15],
    ]);
  });
});

test("a spectrogram's colours end 80 dB under its loudest value; silence has a range too", () => {
  expect(decibelRange([[-90, -3]])).toEqual({ zmin: -83, zmax: -3 });
  expect(decibelRange([[Number.NEGATIVE_INFINITY]])).toEqual({ zmin: -80, zmax: 0 });
});

test("frequency ticks stand between the bands around them", () => {
  const centres = melCentres(64, 16000);
  const { tickvals, ticktext } = frequencyTicks(centres);
  expect(ticktext).toEqual(
    ["0.5", "1", "2", "4", "8"].filter((k) => 1000 * Number(k) <= 1.02 * centres[63]!),
  );
  (tickvals as number[]).forEach((place, i) => {
    const low = Math.min(62, Math.floor(place));
    const hz = centres[low]! + (place - low) * (centres[low + 1]! - centres[low]!);
    expect(hz).toBeCloseTo(1000 * Number(ticktext![i]), 6);
  });
  expect(bandAt(centres[5]!, centres)).toBeCloseTo(5, 9);
});

test.each([
  [1.2, ["0", "0.1", "0.2"]],
  [90, ["0", "10", "20"]],
  [600, ["0:00", "1:00", "2:00"]],
  [90000, ["0:00", "180:00", "360:00"]],
])("time ticks of %d s", (seconds, first) => {
  const { ticktext, tickvals } = timeTicks(seconds);
  expect(ticktext!.slice(0, 3)).toEqual(first);
  expect(tickvals!.length).toBeLessThanOrEqual(14);
});
