import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findMpeg, isMpeg, mpegFrame, mpegStretches } from "../../lib/audio/mpeg.js";
import { id3 } from "./fixtures.js";

const file = (name: string) => readFileSync(join(__dirname, "../fixtures/audio", name));
const slow = file("chirp.mp3");
const fast = file("chirp-22050.mp3");
const layer2 = file("chirp.mp2");

/** A frame of layer III without content, which is silence: 64 kbit/s, 32, 44.1 or 48 kHz. */
function frame(rate: 44_100 | 48_000 | 32_000, mono = false): Buffer {
  const bytes = Buffer.alloc(Math.floor((144_000 * 64) / rate));
  const index = [44_100, 48_000, 32_000].indexOf(rate);
  Buffer.from([0xff, 0xfb, 0x50 | (index << 2), mono ? 0xc0 : 0]).copy(bytes);
  return bytes;
}

describe("mpegFrame", () => {
  test.each([
    [
      "MPEG 1 layer III",
      [0xff, 0xfb, 0x90, 0x00],
      { length: 417, layer: 3, sampleRate: 44_100, channels: 2 },
    ],
    ["with padding", [0xff, 0xfb, 0x92, 0xc0], { length: 418, layer: 3, sampleRate: 44_100, channels: 1 }],
    [
      "MPEG 2 layer III",
      [0xff, 0xf3, 0x80, 0xc0],
      { length: 208, layer: 3, sampleRate: 22_050, channels: 1 },
    ],
    [
      "MPEG 2.5 layer III",
      [0xff, 0xe3, 0x88, 0xc0],
      { length: 576, layer: 3, sampleRate: 8000, channels: 1 },
    ],
    ["MPEG 1 layer II", [0xff, 0xfd, 0x84, 0x00], { length: 384, layer: 2, sampleRate: 48_000, channels: 2 }],
    ["MPEG 2 layer II", [0xff, 0xf5, 0x80, 0x00], { length: 417, layer: 2, sampleRate: 22_050, channels: 2 }],
    ["MPEG 1 layer I", [0xff, 0xff, 0x44, 0x00], { length: 128, layer: 1, sampleRate: 48_000, channels: 2 }],
  ])("reads a header of %s", (_name, header, wanted) => {
    expect(mpegFrame(Uint8Array.from(header), 0)).toEqual({ at: 0, ...wanted });
  });

  test.each([
    ["no sync word", [0xff, 0x1b, 0x90, 0]],
    ["AAC's layer", [0xff, 0xf9, 0x90, 0]],
    ["the reserved version", [0xff, 0xeb, 0x90, 0]],
    ["a reserved rate", [0xff, 0xfb, 0x9c, 0]],
    ["a forbidden bit rate", [0xff, 0xfb, 0xf0, 0]],
  ])("refuses %s", (_name, header) => {
    expect(mpegFrame(Uint8Array.from(header), 0)).toBeUndefined();
  });
});

test("one frame alone is sound only where it ends the file", () => {
  expect(isMpeg(frame(44_100), 0)).toBe(true);
  expect(isMpeg(Buffer.concat([frame(44_100), Buffer.alloc(400)]), 0)).toBe(false);
});

test("finds the first frame behind anything that is none, and none in noise", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3000 }), (junk) => {
      const found = findMpeg(Buffer.concat([junk, slow]));
      expect(found).toBeLessThanOrEqual(junk.length);
      // By chance bytes of the junk may be taken for frames that lead to the first one.
      expect(mpegStretches(Buffer.concat([junk, slow]), found!)[0]!.sampleRate).toBeGreaterThan(0);
      expect(findMpeg(junk)).toBeUndefined();
    }),
    { seed: 5, numRuns: 200 },
  );
});

test("a file is one stretch, with what is behind its last frame", () => {
  const tagged = Buffer.concat([slow, Buffer.from("TAG".padEnd(128, "x"))]);
  expect(mpegStretches(tagged, 0)).toEqual([
    { start: 0, end: tagged.length, frames: 10, layer: 3, sampleRate: 16_000, channels: new Set([1]) },
  ]);
});

test("joined files are stretches by their rate and layer, tags or not", () => {
  const kinds = (bytes: Buffer) =>
    mpegStretches(bytes, 0).map(({ start, layer, sampleRate }) => [start, layer, sampleRate]);
  expect(kinds(Buffer.concat([slow, fast]))).toEqual([
    [0, 3, 16_000],
    [slow.length, 3, 22_050],
  ]);
  expect(kinds(Buffer.concat([fast, id3(500), slow, layer2]))).toEqual([
    [0, 3, 22_050],
    [fast.length + 510, 3, 16_000],
    [fast.length + 510 + slow.length, 2, 16_000],
  ]);
  expect(kinds(Buffer.concat([slow, slow]))).toEqual([[0, 3, 16_000]]);
});

test("a single header that states another rate is damage", () => {
  const frames = Array.from({ length: 9 }, () => frame(44_100));
  frames[4]![2] = 0x54;
  expect(mpegStretches(Buffer.concat(frames), 0).map(({ sampleRate }) => sampleRate)).toEqual([44_100]);
});

test("any order of frames gives stretches that cover the file", () => {
  const rates = fc.array(fc.constantFrom(44_100 as const, 48_000 as const, 32_000 as const), {
    minLength: 1,
  });
  fc.assert(
    fc.property(rates, (list) => {
      // Two frames of a kind, since one alone is damage.
      const bytes = Buffer.concat(list.flatMap((rate) => [frame(rate), frame(rate)]));
      const stretches = mpegStretches(bytes, 0);
      const changes = list.filter((rate, i) => i === 0 || rate !== list[i - 1]);
      expect(stretches.map(({ sampleRate }) => sampleRate)).toEqual(changes);
      expect(stretches.reduce((sum, { frames }) => sum + frames, 0)).toBe(2 * list.length);
      expect(stretches.map(({ start }) => start)).toEqual([
        0,
        ...stretches.slice(0, -1).map(({ end }) => end),
      ]);
      expect(stretches.at(-1)!.end).toBe(bytes.length);
    }),
    { seed: 6, numRuns: 100 },
  );
});
