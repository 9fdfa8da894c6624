import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { decode as decodeByNodeWav } from "node-wav";
import { describe, expect, test, vi } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { decodeAudio, decodePcm, readAudio } from "../../lib/audio/read.js";
import { needs } from "../needs.js";
import { badFiles, chunk, FRAMES, fmt, goodFiles, RATE, riff, TOLERANCE, TONE } from "./fixtures.js";

const good = Object.entries(goodFiles());
const bad = Object.entries(badFiles());

/** The contract: finite samples, or an AudioError with a place. Returns what happened. */
function outcome(bytes: Uint8Array): "decoded" | "refused" {
  try {
    const { samples } = decodePcm(bytes, "x");
    expect(samples.length).toBeGreaterThan(0);
    expect(samples.every(Number.isFinite)).toBe(true);
    return "decoded";
  } catch (error) {
    if (!(error instanceof AudioError)) throw error;
    expect(error.offset).toBeGreaterThanOrEqual(0);
    expect(error.reason.length).toBeGreaterThan(0);
    return "refused";
  }
}

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

describe("decodePcm", () => {
  test.each(good)(
    "decodes %s",
    (_name, { bytes, coding, container = "wav", channels = 1, frames = FRAMES, warning }) => {
      const audio = decodePcm(bytes, "tone.wav");
      expect(audio.sampleRate).toBe(RATE);
      expect(audio.samples.length).toBe(frames);
      expect(audio.format).toMatchObject({ container, channels });
      const share = channels === 2 ? 1 / 4 : 1;
      const worst = audio.samples.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - share * TONE[i]!)),
        0,
      );
      expect(worst).toBeLessThan(TOLERANCE[coding]);
      if (warning) expect(audio.warnings.join()).toMatch(warning);
      else expect(audio.warnings).toEqual([]);
    },
  );

  test.each(bad)("refuses %s", (_name, { bytes, reason, offset }) => {
    const error = thrown(() => decodePcm(bytes, "dir/file.wav"));
    expect(error).toBeInstanceOf(AudioError);
    const { message, path, offset: at, reason: why, exitCode } = error as AudioError;
    expect(why).toMatch(reason);
    expect(path).toBe("dir/file.wav");
    expect(message).toBe(`dir/file.wav: ${why}${at > 0 ? ` (at byte ${at})` : ""}`);
    expect(exitCode).toBe(1);
    if (offset !== undefined) expect(at).toBe(offset);
  });

  test.each(["pcm16", "float32", "listBefore", "stereo f32"])("agrees with node-wav on %s", (name) => {
    const { bytes } = goodFiles()[name]!;
    const { channelData, sampleRate } = decodeByNodeWav(Uint8Array.from(bytes));
    const audio = decodePcm(bytes, name);
    expect(audio.sampleRate).toBe(sampleRate);
    const mono = channelData[0]!.map(
      (_, i) => channelData.reduce((sum, c) => sum + c[i]!, 0) / channelData.length,
    );
    // node-wav divides positive 16-bit samples by 32767, this library all by 32768.
    audio.samples.forEach((value, i) => {
      expect(Math.abs(value - mono[i]!)).toBeLessThan(4e-5);
    });
  });

  test("divides 16-bit samples by 32768", () => {
    const bytes = Buffer.from(goodFiles().pcm16!.bytes);
    bytes.writeInt16LE(-32768, 44);
    bytes.writeInt16LE(32767, 46);
    expect([...decodePcm(bytes, "x").samples.subarray(0, 2)]).toEqual([-1, 32767 / 32768]);
  });

  test("decodes a buffer that begins at an odd address", () => {
    const { bytes } = goodFiles().pcm16!;
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(decodePcm(shifted.subarray(1), "x").samples).toEqual(decodePcm(bytes, "x").samples);
  });

  test("reports float samples far beyond full scale", () => {
    const bytes = Buffer.from(goodFiles().float32!.bytes);
    bytes.writeFloatLE(20_000, 44);
    expect(decodePcm(bytes, "x").warnings.join()).toMatch(/2\.00e\+4 where 1 is full scale/);
  });

  test("any bytes give finite samples or an AudioError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void outcome(bytes)),
      { seed: 1, numRuns: 300 },
    );
  });

  test("any chunks after a valid start give finite samples or an AudioError", () => {
    const head = fc.constantFrom(
      "RIFF\0\0\0\0WAVE",
      "RF64\0\0\0\0WAVE",
      "FORM\0\0\0\0AIFF",
      "FORM\0\0\0\0AIFC",
    );
    const id = fc.constantFrom("fmt ", "data", "LIST", "COMM", "SSND", "ds64");
    const part = fc.tuple(id, fc.uint8Array({ minLength: 4, maxLength: 60 }));
    const file = fc.tuple(head, fc.array(part, { maxLength: 6 }));
    fc.assert(
      fc.property(file, ([start, parts]) => {
        const pieces = parts.flatMap(([name, body]) => [Buffer.from(name), body]);
        outcome(Buffer.concat([Buffer.from(start, "latin1"), ...pieces]));
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  test("mutated files give finite samples or an AudioError, and both occur", () => {
    const files = [...good, ...bad].map(([, { bytes }]) => bytes);
    const edit = fc.tuple(fc.nat(120), fc.nat(255));
    const counts = { decoded: 0, refused: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...files),
        fc.array(edit, { maxLength: 6 }),
        fc.nat(4000),
        (file, edits, cut) => {
          const bytes = Buffer.from(file.subarray(0, cut > 3000 ? file.length : cut));
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          counts[outcome(bytes)]++;
        },
      ),
      { seed: 3, numRuns: 1500 },
    );
    expect(counts.decoded).toBeGreaterThan(100);
    expect(counts.refused).toBeGreaterThan(100);
  });
});

describe("decodeAudio", () => {
  test("decodes WAV and AIFF like decodePcm", async () => {
    for (const name of ["pcm24", "aifc sowt"]) {
      const { bytes } = goodFiles()[name]!;
      expect(await decodeAudio(bytes, "x")).toEqual(decodePcm(bytes, "x"));
    }
  });

  test("without ffmpeg, says how to convert M4A", async () => {
    vi.stubEnv("PATH", "");
    const bytes = readFileSync(join(__dirname, "../fixtures/audio/chirp.m4a"));
    await expect(decodeAudio(bytes, "talk.m4a")).rejects.toThrow(/M4A.*ffmpeg -i "talk\.m4a" "talk\.wav"/);
    vi.unstubAllEnvs();
  });

  test("channels that cancel each other out are told, with the level", async () => {
    const stereo = (share: number) => {
      const data = Buffer.alloc(4 * FRAMES);
      TONE.forEach((value, i) => {
        data.writeInt16LE(Math.round(32767 * value), 4 * i);
        data.writeInt16LE(Math.round(32767 * share * value), 4 * i + 2);
      });
      return riff(fmt({ channels: 2 }), chunk("data", data));
    };
    const inverted = await decodeAudio(stereo(-1), "x");
    expect(inverted.cancellation).toBe(120);
    expect(inverted.warnings).toEqual([
      "the channels cancel each other out when they are mixed: their mean is 120 dB below them",
    ]);
    // A mean of 0.1 of one channel, against the mean power of both: 10 log10(0.82 / 0.01).
    expect((await decodeAudio(stereo(-0.8), "x")).cancellation).toBeCloseTo(19.1, 1);
    for (const share of [-0.25, 0, 0.5, 1]) {
      expect(await decodeAudio(stereo(share), "x")).not.toHaveProperty("cancellation");
    }
  });
});

describe("readAudio", () => {
  test("names what cannot be read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "audio-"));
    try {
      await expect(readAudio(join(folder, "none.wav"))).rejects.toThrow(
        /none\.wav: cannot be read: no such file/,
      );
      await expect(readAudio(folder)).rejects.toThrow(/not a file/);
      await expect(readAudio("/dev/null")).rejects.toBeInstanceOf(AudioError);
      const path = join(folder, "wrong-name.mp3");
      await writeFile(path, goodFiles()["aiff 16"]!.bytes);
      expect((await readAudio(path)).format.container).toBe("aiff");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("a dead link is named, and one of git-annex with what fetches it", needs("posix"), async () => {
    const folder = await mkdtemp(join(tmpdir(), "audio-"));
    try {
      const annexed = join(folder, "annexed.wav");
      await symlink("../.git/annex/objects/xK/0p/SHA256E-s9--ab.wav/SHA256E-s9--ab.wav", annexed);
      await expect(readAudio(annexed)).rejects.toThrow(
        /annexed\.wav: cannot be read: is a git-annex link.*git annex get FILE, or datalad get FILE/,
      );
      const dead = join(folder, "dead.wav");
      await symlink("nowhere.wav", dead);
      await expect(readAudio(dead)).rejects.toThrow(/is a link to nowhere\.wav, which does not exist/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("reading a pipe is refused instead of waiting for ever", needs("posix"), async () => {
    const folder = await mkdtemp(join(tmpdir(), "audio-"));
    try {
      const pipe = join(folder, "pipe.wav");
      execFileSync("mkfifo", [pipe]);
      await expect(readAudio(pipe)).rejects.toThrow(/not a file/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const data = process.env.SER_DATA;

test("every clip of the real corpora decodes without a warning", needs("corpora"), async () => {
  const paths = (await readdir(data!, { recursive: true })).filter((path) => /\.wav$/i.test(path));
  const kinds = new Map<string, number>();
  for (const path of paths) {
    const { format, sampleRate, warnings } = decodePcm(readFileSync(join(data!, path)), path);
    expect(warnings, path).toEqual([]);
    const kind = `${format.container} ${format.channels} ${sampleRate}`;
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  expect(Object.fromEntries(kinds)).toEqual({
    "wav 1 16000": 7442,
    "wav 1 44100": 480,
    "wav 1 24414": 2797,
    "wav 1 96000": 1,
    "aiff 1 24414": 2,
    "wav 1 48000": 1435,
    "wav 2 48000": 5,
  });
});
