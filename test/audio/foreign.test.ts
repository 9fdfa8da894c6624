import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { foreignSound } from "../../lib/audio/foreign.js";
import { id3 } from "./fixtures.js";

const m4a = readFileSync(join(__dirname, "../fixtures/audio/chirp.m4a")).toString("latin1");
const adts = "\u00ff\u00f1\u0050\u0080\u0001\u0060\u00fc\0\0\0\0";

test.each([
  [m4a, "is an M4A or MP4 file", "mov"],
  ["\0\0\0\u0020ftyp3gp5", "is an M4A or MP4 file", "mov"],
  ["\0\0\0\u0008wide\0\0\0\u0009mdat", "is a QuickTime or MP4 file", "mov"],
  ["\u001aE\u00df\u00a3....", "is a WebM or Matroska file", "matroska"],
  ["0&\u00b2u\u008ef\u00cf\u0011", "is a WMA file", "asf"],
  ["caff\0\u0001", "is a Core Audio file", "caf"],
  ["#!AMR\n", "is an AMR file", "amr"],
  ["#!AMR-WB\n", "is an AMR file", "amr"],
  [adts + adts, "is a raw AAC stream", "aac"],
  ["NIST_1A\n   1024\nsample_rate -i 16000\nend_head\n", "is a NIST SPHERE file", "nistsphere"],
  ["riff\u002e\u0091\u00cf\u0011\u00a5\u00d6", "is a Wave64 file", "w64"],
  ["Creative Voice File\u001a", "is a Creative Voice (VOC) file", "voc"],
  ["RIFX\0\0\0\0WAVE", "is a big-endian RIFX file", "wav"],
  ["RIFF\0\0\0\0AVI ", "is an AVI file", "avi"],
  [`OggS\0\u0002${"\0".repeat(20)}\u0001\u0050Speex   `, "is Ogg Speex", "ogg"],
])("names %j, behind a tag too", (text, name, demuxer) => {
  const bytes = Buffer.from(text, "latin1");
  expect(foreignSound(bytes, 0)).toMatchObject({ name, demuxer });
  expect(foreignSound(Buffer.concat([id3(200), bytes]), 210)).toMatchObject({ name, demuxer });
});

test("nothing else is named", () => {
  for (const text of [
    "",
    "text",
    "\u00ff\u00f1",
    "RIFF\0\0\0\0WAVE",
    "FORM\0\0\0\0AIFF",
    "OggS",
    "\u00ff\u00f1\u0050\u0080\u0001\u0060\u00fc\0\0\0\0 and text",
  ])
    expect(foreignSound(Buffer.from(text, "latin1"), 0)).toBeUndefined();
});
