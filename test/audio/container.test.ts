import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kindOf } from "../../lib/audio/container.js";
import { fmt, form, id3, riff, sampleBytes } from "./fixtures.js";

const file = (name: string) => readFileSync(join(__dirname, "../fixtures/audio", name));

test.each([
  ["chirp.flac", "flac"],
  ["chirp.mp3", "mpeg"],
  ["chirp.mp2", "mpeg"],
  ["chirp-vorbis.ogg", "ogg"],
  ["chirp-opus.ogg", "ogg"],
  ["chirp-flac.ogg", "ogg"],
])("tells %s by its content, behind a tag too", (name, container) => {
  expect(kindOf(file(name))).toEqual({ container, start: 0 });
  expect(kindOf(Buffer.concat([id3(300), file(name)]))).toEqual({ container, start: 310 });
});

test("tells WAV and AIFF, behind a tag too", () => {
  for (const [bytes, container] of [
    [riff(fmt()), "wav"],
    [form("AIFC"), "aiff"],
  ] as const) {
    expect(kindOf(bytes)).toEqual({ container, start: 0 });
    expect(kindOf(Buffer.concat([id3(1234), bytes]))).toEqual({ container, start: 1244 });
  }
});

test("finds MPEG audio that does not begin at the first byte", () => {
  const mp3 = file("chirp.mp3");
  expect(kindOf(mp3.subarray(36))).toEqual({ container: "mpeg", start: 252 });
  expect(kindOf(Buffer.concat([Buffer.alloc(1000), mp3]))).toEqual({ container: "mpeg", start: 1000 });
  const junk = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * 7919) % 251));
  expect(kindOf(Buffer.concat([junk, mp3]))).toEqual({ container: "mpeg", start: 300 });
});

test.each([
  ["", "is empty", true],
  ["hello, world\n", "is text, not sound", true],
  ["OggS", "is an Ogg file without Vorbis, Opus or FLAC sound", false],
  ["RIFF\0\0\0\0ACON", 'is a RIFF file of type "ACON", not WAVE', false],
  ["FORM\0\0\0\0ILBM", 'is a FORM file of type "ILBM", not AIFF or AIFC', false],
  ["\u00ff\u00fb\u0090\0\0\0", "is not a known sound file", false],
])("names what is not read: %j", (text, name, isHopeless) => {
  const bytes = Buffer.from(text, "latin1");
  const padded = text.startsWith("\u00ff") ? Buffer.concat([bytes, Buffer.alloc(2000)]) : bytes;
  expect(kindOf(padded)).toEqual({ container: "other", name, isHopeless });
});

test("behind a tag the reason is still true", () => {
  const name = (bytes: Uint8Array) => {
    const kind = kindOf(Buffer.concat([id3(100), bytes]));
    return kind.container === "other" ? kind.name : undefined;
  };
  expect(name(Buffer.from("RIFF\0\0\0\0ACON"))).toBe('is a RIFF file of type "ACON", not WAVE');
  expect(name(Buffer.from("OggS"))).toBe("is an Ogg file without Vorbis, Opus or FLAC sound");
  expect(name(Buffer.alloc(0))).toBe("is an ID3 tag without known sound behind it");
  expect(name(sampleBytes("s16"))).toBe("is an ID3 tag without known sound behind it");
});

test("a pointer of Git LFS or git-annex is named with what fetches the sound", () => {
  const lfs =
    "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
  expect(kindOf(Buffer.from(lfs))).toMatchObject({
    name: expect.stringMatching(/Git LFS pointer.*git lfs pull/),
  });
  const annex = "/annex/objects/SHA256E-s31390--8b1c4f.wav\n";
  for (const text of [annex, `.git${annex}`, `../../.git${annex}`])
    expect(kindOf(Buffer.from(text))).toMatchObject({
      name: expect.stringMatching(/git-annex pointer.*git annex get FILE, or datalad get FILE/),
      isHopeless: true,
    });
});
