import { expect, test } from "vitest";
import { decodeAiff, isAiff } from "../../lib/audio/aiff.js";
import { comm, FRAMES, form, sampleBytes, ssnd } from "./fixtures.js";

const sound = ssnd(sampleBytes("s16", 1, false));

test.each([8000, 24_414, 44_100, 96_000, 192_000])("reads the 80-bit rate of %s Hz", (rate) => {
  const file = form("AIFF", comm({ rate }), sound);
  expect(isAiff(file)).toBe(true);
  expect(decodeAiff(file, "x").sampleRate).toBe(rate);
});

test("rounds the old Macintosh rate of 22254.5454 Hz", () => {
  expect(decodeAiff(form("AIFF", comm({ rate: 22_254.5454 }), sound), "x").sampleRate).toBe(22_255);
});

test("takes no more samples than COMM promises", () => {
  const { samples, warnings } = decodeAiff(form("AIFF", comm({ frames: 100 }), sound), "x");
  expect([samples.length, warnings]).toEqual([100, []]);
});

test("a promise of 4 G frames costs nothing", () => {
  const { samples, warnings } = decodeAiff(
    form("AIFF", comm({ frames: 0xffff_ffff, channels: 1 }), sound),
    "x",
  );
  expect(samples.length).toBe(FRAMES);
  expect(warnings[0]).toMatch(/^truncated: 3200 of 8589934590/);
});
