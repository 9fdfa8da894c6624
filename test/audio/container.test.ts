import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kindOf } from "../../lib/audio/container.js";
import { fmt, form, riff } from "./fixtures.js";

const file = (name: string) => readFileSync(join(__dirname, "../fixtures/audio", name));

test.each([
  ["chirp.flac", "flac"],
  ["chirp.mp3", "mp3"],
  ["chirp-vorbis.ogg", "vorbis"],
  ["chirp-opus.ogg", "opus"],
  ["chirp-flac.ogg", "flac"],
  ["chirp.m4a", "m4a"],
])("tells %s by its content", (name, container) => {
  expect(kindOf(file(name))).toEqual({ container });
});

test("tells WAV and AIFF", () => {
  expect(kindOf(riff(fmt()))).toEqual({ container: "wav" });
  expect(kindOf(form("AIFC"))).toEqual({ container: "aiff" });
});

test("looks behind ID3 tags", () => {
  const tag = Buffer.alloc(10 + 300);
  tag.write("ID3\u0004", "latin1");
  tag[8] = 300 >> 7;
  tag[9] = 300 & 127;
  expect(kindOf(Buffer.concat([tag, file("chirp.mp3")]))).toEqual({ container: "mp3" });
  expect(kindOf(Buffer.concat([tag, Buffer.alloc(99), file("chirp.flac")]))).toEqual({ container: "flac" });
  expect(kindOf(tag).container).toBe("other");
});

test.each([
  ["", "is empty"],
  ["hello, world\n", "is text, not sound"],
  ["\u001aE\u00df\u00a3....", "is a WebM or Matroska file"],
  ["caff\0\u0001", "is a Core Audio file"],
  ["RIFX\0\0\0\0WAVE", "is a big-endian RIFX file"],
  ["OggS", "is an Ogg file without Vorbis, Opus or FLAC sound"],
  ["\u00ff\u00fb\u0090\0\0\0", "is not a known sound file"],
])("names what is not read: %j", (text, name) => {
  const bytes = Buffer.from(text, "latin1");
  const padded = text.startsWith("\u00ff") ? Buffer.concat([bytes, Buffer.alloc(2000)]) : bytes;
  expect(kindOf(padded)).toEqual({ container: "other", name });
});
