import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { decodeAudio, decodePcm } from "../../lib/audio/read.js";
import { resample } from "../../lib/audio/resample.js";
import { id3 } from "./fixtures.js";

const file = (name: string) => new Uint8Array(readFileSync(join(__dirname, "../fixtures/audio", name)));

/** What was encoded: 0.5 sin(2 pi (300 t + 2000 t^2)), 0.25 s at 16 kHz. */
const CHIRP = Float64Array.from({ length: 4000 }, (_, i) => {
  const t = i / 16_000;
  return 0.5 * Math.sin(2 * Math.PI * (300 * t + 2000 * t * t));
});

/** Signal to noise ratio against the chirp, dB, without the ends, where coders have less to go by. */
function snr(samples: Float32Array, scale = 1): number {
  let signal = 0;
  let noise = 0;
  for (let i = 200; i < 3800; i++) {
    signal += (scale * CHIRP[i]!) ** 2;
    noise += (samples[i]! - scale * CHIRP[i]!) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

const FILES = [
  { name: "chirp.flac", container: "flac", encoding: "flac", rate: 16_000, bits: 16, least: 80 },
  { name: "chirp-flac.ogg", container: "ogg", encoding: "flac", rate: 16_000, bits: 16, least: 80 },
  { name: "chirp.mp3", container: "mp3", encoding: "mp3", rate: 16_000, bits: 0, least: 20 },
  { name: "chirp-22050.mp3", container: "mp3", encoding: "mp3", rate: 22_050, bits: 0, least: 20 },
  { name: "chirp-vorbis.ogg", container: "ogg", encoding: "vorbis", rate: 16_000, bits: 0, least: 20 },
  { name: "chirp-opus.ogg", container: "ogg", encoding: "opus", rate: 48_000, bits: 0, least: 30 },
];

describe("decodeCompressed", () => {
  test.each(FILES)(
    "decodes $name to the sample",
    async ({ name, container, encoding, rate, bits, least }) => {
      const { samples, sampleRate, format, warnings } = await decodeAudio(file(name), name);
      expect(sampleRate).toBe(rate);
      expect(samples.length).toBe(Math.ceil(rate / 4));
      expect(format).toEqual({ container, encoding, channels: 1, bitsPerSample: bits });
      expect(warnings).toEqual([]);
      expect(snr(resample(samples, rate, 16_000))).toBeGreaterThan(least);
    },
  );

  test("mixes two channels down to their mean", async () => {
    const { samples, format } = await decodeAudio(file("stereo.flac"), "stereo.flac");
    expect(format.channels).toBe(2);
    expect(snr(samples, 0.75)).toBeGreaterThan(80);
  });

  test("FLAC gives the very samples of the 16-bit WAV file it was made from", async () => {
    const { samples } = await decodeAudio(file("chirp.flac"), "chirp.flac");
    // The WAV file was written by node-wav, which cuts off fractions of 1/32767 above and 1/32768 below zero.
    const stored = Float32Array.from(
      CHIRP,
      (v) => Math.trunc(Math.fround(v) * (v < 0 ? 32768 : 32767)) / 32768,
    );
    // toEqual tells -0 from 0.
    expect(samples).toEqual(stored.map((value) => value + 0));
  });

  test.each([
    ["chirp.flac", 1024],
    ["chirp.mp3", 500],
    ["chirp-opus.ogg", 4000],
  ])("gives what is there of a truncated %s, and a warning", async (name, least) => {
    const bytes = file(name);
    const { samples, warnings } = await decodeAudio(bytes.subarray(0, Math.floor(bytes.length * 0.6)), name);
    expect(samples.length).toBeGreaterThanOrEqual(least);
    expect(warnings.join()).toMatch(/truncated/);
  });

  test("MPEG layer II", async () => {
    const { samples, sampleRate, format, warnings } = await decodeAudio(file("chirp.mp2"), "chirp.mp2");
    expect([sampleRate, samples.length, warnings]).toEqual([16_000, 12 * 384, []]);
    expect(format).toEqual({ container: "mp2", encoding: "mp2", channels: 1, bitsPerSample: 0 });
    // The filter bank delays the sound by 481 samples.
    expect(snr(samples.subarray(481))).toBeGreaterThan(20);
  });

  describe("several recordings in one file are read one after the other", () => {
    /** What the files give, each for itself. */
    const alone = (names: string[]) => Promise.all(names.map((name) => decodeAudio(file(name), name)));
    const together = (names: string[]) => decodeAudio(Buffer.concat(names.map(file)), "joined");
    const concat = (parts: Float32Array[]) => Float32Array.from(parts.flatMap((part) => [...part]));

    test.each([
      ["chirp-opus.ogg", "chirp-opus.ogg"],
      ["chirp-opus.ogg", "right-opus.ogg", "chirp-opus.ogg"],
      ["chirp-vorbis.ogg", "chirp-vorbis.ogg"],
      ["chirp-flac.ogg", "chirp-flac.ogg", "chirp-flac.ogg"],
      ["chirp-vorbis.ogg", "chirp-flac.ogg"],
      ["chirp.flac", "chirp.flac"],
    ])("%s and %s, to the sample", async (...names) => {
      const parts = await alone(names);
      const { samples, sampleRate, format, warnings } = await together(names);
      expect(sampleRate).toBe(parts[0]!.sampleRate);
      expect(samples).toEqual(concat(parts.map((part) => part.samples)));
      expect(format.channels).toBe(Math.max(...parts.map((part) => part.format.channels)));
      expect(warnings).toEqual([]);
    });

    test.each([
      ["chirp-vorbis.ogg", "right-vorbis.ogg"],
      ["right-vorbis.ogg", "chirp-vorbis.ogg"],
      ["chirp.mp3", "chirp-22050.mp3"],
      ["chirp-22050.mp3", "chirp.mp3"],
      ["chirp-22050.mp3", "chirp.mp2"],
      ["chirp-vorbis.ogg", "chirp-opus.ogg"],
    ])("%s and %s, whose rates differ, at the higher one", async (...names) => {
      const parts = await alone(names);
      const { samples, sampleRate, warnings } = await together(names);
      const rates = parts.map((part) => part.sampleRate);
      expect(sampleRate).toBe(Math.max(...rates));
      expect(samples).toEqual(
        concat(parts.map((part) => resample(part.samples, part.sampleRate, sampleRate))),
      );
      expect(warnings).toEqual([
        `the sampling rate changes inside, ${rates.join(", ")} Hz: all is read at ${sampleRate} Hz`,
      ]);
    });

    test.each([
      ["chirp.mp3", "right.mp3"],
      ["right.mp3", "chirp.mp3"],
    ])("%s and %s: each by its own channels", async (...names) => {
      const { samples, format, warnings } = await together(names);
      expect([format.channels, warnings]).toEqual([2, []]);
      const rms = (from: number) => Math.hypot(...samples.subarray(from, from + 2000)) / Math.sqrt(2000);
      const [mono, stereo] = names[0] === "chirp.mp3" ? [1600, 6500] : [6500, 1600];
      expect(rms(mono)).toBeGreaterThan(0.3);
      expect(rms(stereo) / rms(mono)).toBeCloseTo(0.5, 1);
    });

    test("a tag, junk or zeros between or in front do no harm", async () => {
      const [slow, fast] = [file("chirp.mp3"), file("chirp-22050.mp3")];
      const tagged = Buffer.concat([id3(777), slow, id3(50), fast, Buffer.from("TAG".padEnd(128))]);
      expect((await decodeAudio(tagged, "x")).samples).toEqual(
        (await together(["chirp.mp3", "chirp-22050.mp3"])).samples,
      );
      for (const name of [
        "chirp-opus.ogg",
        "chirp-vorbis.ogg",
        "chirp.flac",
        "chirp-flac.ogg",
        "chirp.mp2",
      ]) {
        const plain = await decodeAudio(file(name), name);
        expect(await decodeAudio(Buffer.concat([id3(1242), file(name)]), name)).toEqual(plain);
      }
      const { samples, warnings } = await decodeAudio(Buffer.concat([Buffer.alloc(1000), slow]), "x");
      expect(samples).toEqual((await decodeAudio(slow, "x")).samples);
      expect(warnings).toEqual(["1000 bytes before the first frame were skipped"]);
    });

    test("a copy of a broadcast: what has no header is left out and told", async () => {
      const opus = Buffer.from(file("chirp-opus.ogg"));
      const tail = opus.subarray(opus.lastIndexOf("OggS"));
      const { samples, warnings } = await decodeAudio(Buffer.concat([tail, opus]), "x");
      expect(samples.length).toBe(12_000);
      expect(warnings).toEqual(["1 of 2 recordings in it have no known header and were left out"]);
      await expect(decodeAudio(tail, "x")).rejects.toThrow(
        /middle of an Ogg stream, whose header is missing/,
      );
    });

    test("a recording that cannot be decoded does not take the others with it", async () => {
      const vorbis = Buffer.from(file("chirp-vorbis.ogg"));
      const broken = Buffer.from(vorbis);
      // The second page has the tables without which nothing can be decoded.
      const second = broken.indexOf("OggS", 4);
      broken.fill(0, second + 60, second + 3000);
      const { samples, warnings } = await decodeAudio(Buffer.concat([broken, vorbis]), "x");
      expect(samples).toEqual((await decodeAudio(vorbis, "x")).samples);
      expect(warnings).toEqual(["1 damaged part was skipped"]);
    });

    test("a cut recording among whole ones is told", async () => {
      const opus = Buffer.from(file("chirp-opus.ogg"));
      const cut = opus.subarray(0, opus.lastIndexOf("OggS"));
      const { warnings } = await decodeAudio(Buffer.concat([cut, opus]), "x");
      expect(warnings).toEqual(["truncated: the stream ends before its stated end"]);
    });
  });

  test("damaged bytes give finite samples or an AudioError, and print nothing", async () => {
    const print = vi.spyOn(console, "error").mockImplementation(() => {});
    const edit = fc.tuple(fc.nat(4000), fc.nat(255));
    const counts = { decoded: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FILES.map(({ name }) => name)),
        fc.array(edit, { minLength: 1, maxLength: 8 }),
        fc.nat(8000),
        async (name, edits, cut) => {
          const bytes = file(name).slice(0, cut);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          try {
            const { samples } = await decodeAudio(bytes, name);
            expect(samples.length).toBeGreaterThan(0);
            expect(samples.every(Number.isFinite)).toBe(true);
            counts.decoded++;
          } catch (error) {
            expect(error).toBeInstanceOf(AudioError);
            counts.refused++;
          }
        },
      ),
      { seed: 4, numRuns: 120 },
    );
    expect(print).not.toHaveBeenCalled();
    print.mockRestore();
    expect(counts.decoded).toBeGreaterThan(10);
    expect(counts.refused).toBeGreaterThan(10);
  });

  test("decodePcm names the format and what to do", () => {
    expect(() => decodePcm(file("chirp.mp3"), "a.mp3")).toThrow(
      /a\.mp3: is MPEG audio \(MP3\), not WAV or AIFF; .*ffmpeg/,
    );
  });
});
