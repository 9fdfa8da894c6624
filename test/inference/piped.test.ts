import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import type { Encoding } from "../../lib/audio/pcm.js";
import { decodeAudio } from "../../lib/audio/read.js";
import { encodeWav } from "../../lib/audio/write.js";
import { UsageError } from "../../lib/base/errors.js";
import { concatenated } from "../../lib/base/matrix.js";
import { openPiped } from "../../lib/inference/piped.js";
import { RAW_ENCODINGS, type RawFormat } from "../../lib/inference/raw.js";

const RATE = 8000;
const SINE = Float32Array.from({ length: 999 }, (_, i) => Math.sin(i) / 2);

/** A WAV of any PCM, with chunks before the samples and a stated size. */
function wav(
  bytes: Uint8Array,
  { channels = 1, bits = 16, code = 1, stated = bytes.length, extra = 0 } = {},
) {
  const head = Buffer.alloc(36);
  head.write("RIFF\0\0\0\0WAVEfmt ", "latin1");
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(code, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(RATE, 24);
  head.writeUInt32LE((RATE * channels * bits) / 8, 28);
  head.writeUInt16LE((channels * bits) / 8, 32);
  head.writeUInt16LE(bits, 34);
  const list = Buffer.alloc(extra > 0 ? 8 + extra : 0);
  if (extra > 0) {
    list.write("LIST");
    list.writeUInt32LE(extra, 4);
  }
  const data = Buffer.alloc(8);
  data.write("data");
  data.writeUInt32LE(stated, 4);
  return Buffer.concat([head, list, data, bytes]);
}

/** Cuts bytes at some places. */
function cutAt(bytes: Uint8Array, cuts: readonly number[]): Buffer[] {
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return edges.slice(1).map((end, i) => Buffer.from(bytes.subarray(edges[i]!, end)));
}

/** Hears all of a live input. */
async function heard(parts: Iterable<Uint8Array>, raw?: RawFormat) {
  const piped = await openPiped(Readable.from(parts), { raw });
  if ("samples" in piped) throw new Error("was read as a whole");
  const pieces: Float32Array[] = [];
  for await (const piece of piped.pieces()) pieces.push(piece);
  return { ...piped, duration: piped.duration, warnings: piped.warnings, samples: concatenated(pieces) };
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

test("a WAV in any pieces gives the samples of the file, of one channel and two", async () => {
  const bytes = fc.uint8Array({ minLength: 8, maxLength: 600 });
  const layout = fc.record({ channels: fc.constantFrom(1, 2), bits: fc.constantFrom(8, 16, 24, 32) });
  await fc.assert(
    fc.asyncProperty(bytes, layout, fc.nat(10), cuts, async (samples, { channels, bits }, even, places) => {
      const whole = samples.subarray(0, samples.length - (samples.length % ((channels * bits) / 8)));
      const file = wav(whole, { channels, bits, extra: 2 * even });
      const expected = await decodeAudio(file, "file");
      const piped = await heard(cutAt(file, places));
      expect(piped.samples).toEqual(expected.samples);
      expect([piped.sampleRate, piped.warnings]).toEqual([RATE, expected.warnings]);
      expect(piped.duration).toBe(expected.samples.length / RATE);
    }),
    { seed: 1, numRuns: 200 },
  );
});

test.each([0, 0xffffffff, 0x7ffff000, 0x7fffff00])(
  "a size of %i is not known: everything is heard",
  async (stated) => {
    const file = Buffer.from(encodeWav(SINE, RATE));
    file.writeUInt32LE(stated, 40);
    const piped = await heard(cutAt(file, [20, 43, 44, 501]));
    expect(piped.samples).toEqual((await decodeAudio(file, "file")).samples);
    expect([piped.duration, piped.warnings]).toEqual([undefined, []]);
  },
);

test("what follows the samples is not heard; a truncated recording is, and says so as the file does", async () => {
  const file = Buffer.from(encodeWav(SINE, RATE));
  const tail = await heard([file, Buffer.from("LIST\u0004\0\0\0INFO", "latin1"), Buffer.alloc(1e5)]);
  expect(tail.samples).toHaveLength(SINE.length);
  expect(tail.warnings).toEqual([]);
  for (const length of [1001, 1000, 46]) {
    const cut = file.subarray(0, length);
    const piped = await heard(cutAt(cut, [300, 45]));
    const expected = await decodeAudio(cut, "file");
    expect([piped.samples, piped.warnings]).toEqual([expected.samples, expected.warnings]);
  }
});

test("a writer that fails: what came is heard", async () => {
  const file = Buffer.from(encodeWav(SINE, RATE));
  async function* broken() {
    yield file.subarray(0, 244);
    throw new Error("read EIO");
  }
  const piped = await openPiped(Readable.from(broken()));
  const pieces: Float32Array[] = [];
  if (!("samples" in piped)) for await (const piece of piped.pieces()) pieces.push(piece);
  expect(concatenated(pieces)).toHaveLength(100);
  expect(piped.warnings).toEqual([
    "the input broke off: read EIO",
    expect.stringContaining("truncated: 200 of"),
  ]);
});

/** The bytes of samples as a WAV has them: little-endian, and unsigned where they are of 8 bits. */
function asInWav(bytes: Buffer, name: string, width: number): Buffer {
  if (name === "s8") return bytes.map((byte) => byte ^ 0x80) as Buffer;
  if (!name.endsWith("be")) return bytes;
  const samples = Array.from({ length: bytes.length / width }, (_, i) =>
    Buffer.from(bytes.subarray(width * i, width * (i + 1))).reverse(),
  );
  return Buffer.concat(samples);
}

test.each(Object.entries(RAW_ENCODINGS))("raw samples: %s", async (name, [encoding]) => {
  const codes: Partial<Record<Encoding, number>> = { float32: 3, float64: 3, alaw: 6, mulaw: 7 };
  const width = Number(/\d+/.exec(name)?.[0] ?? 8) / 8;
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ minLength: 16, maxLength: 400 }),
      fc.constantFrom(1, 2),
      cuts,
      async (random, channels, places) => {
        const bytes = Buffer.from(random.subarray(0, random.length - (random.length % (width * channels))));
        // Neither infinite nor not a number.
        if (encoding.startsWith("float"))
          for (let at = 0; at < bytes.length; at += width)
            bytes[name.endsWith("be") ? at : at + width - 1] = 0x3e;
        const format: RawFormat = { encoding: name as RawFormat["encoding"], sampleRate: RATE, channels };
        const { samples, duration } = await heard(cutAt(bytes, places), format);
        expect(duration).toBeUndefined();
        const file = wav(asInWav(bytes, name, width), { channels, bits: 8 * width, code: codes[encoding] });
        expect(samples).toEqual((await decodeAudio(file, "file")).samples);
      },
    ),
    { seed: 2, numRuns: 30 },
  );
});

test("other formats are read to the end; no sound is an error that says so", async () => {
  await expect(openPiped(Readable.from([Buffer.from("some text")]))).rejects.toThrow(
    "standard input: is text",
  );
  await expect(openPiped(Readable.from([]))).rejects.toThrow("standard input: is empty");
  const empty = Buffer.from(encodeWav(SINE, RATE)).subarray(0, 44);
  await expect(heard([empty])).rejects.toThrow("standard input: holds no samples");
  await expect(heard([Buffer.alloc(0)], { encoding: "u8", sampleRate: RATE, channels: 1 })).rejects.toThrow(
    "holds no samples",
  );
  await expect(openPiped(Object.assign(Readable.from([]), { isTTY: true }))).rejects.toThrow(UsageError);
  vi.stubEnv("PATH", ""); // without ffmpeg
  const adpcm = wav(Buffer.alloc(100), { code: 17, bits: 4 });
  await expect(openPiped(Readable.from([adpcm]))).rejects.toThrow("IMA ADPCM");
  vi.unstubAllEnvs();
});

test("a sample that is no number is told with its place, as of a file", async () => {
  const floats = Float32Array.of(0, 0.5, Number.NaN, 0);
  const file = wav(Buffer.from(floats.buffer), { bits: 32, code: 3 });
  const [piped, whole] = await Promise.allSettled([
    heard(cutAt(file, [50])),
    decodeAudio(file, "standard input"),
  ]);
  expect(String((piped as PromiseRejectedResult).reason)).toBe(
    String((whole as PromiseRejectedResult).reason),
  );
});

test("a wait can be ended", async () => {
  const stop = new AbortController();
  const wait = openPiped(new Readable({ read() {} }), { signal: stop.signal });
  stop.abort();
  await expect(wait).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});
