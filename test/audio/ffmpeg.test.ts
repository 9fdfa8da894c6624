import { execFileSync } from "node:child_process";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { AudioError } from "../../lib/audio/audio.js";
import { findFfmpeg } from "../../lib/audio/ffmpeg.js";
import { decodeAudio, readAudio } from "../../lib/audio/read.js";
import { encodeWav } from "../../lib/audio/write.js";
import { checkFound } from "../../lib/corpora/check.js";
import { findManifest } from "../../lib/corpora/manifest.js";
import { extractFiles } from "../../lib/features/batches.js";
import { needs } from "../needs.js";
import { chunk, fmt, riff, sampleBytes } from "./fixtures.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-ffmpeg-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => void vi.unstubAllEnvs());

const at = (name: string) => join(folder, name);
const m4a = join(__dirname, "../fixtures/audio/chirp.m4a");

/** Puts a program called ffmpeg first on the PATH; `script` is JavaScript that has `args`. */
async function pretend(script: string): Promise<void> {
  const bin = await mkdtemp(join(folder, "bin-"));
  const program = `#!${process.execPath}\nconst args = process.argv.slice(2);\n${script}\n`;
  await writeFile(join(bin, "ffmpeg"), program, { mode: 0o755 });
  vi.stubEnv("PATH", bin);
}

const writing = (wav: Buffer) => `process.stdout.write(Buffer.from("${wav.toString("base64")}", "base64"));`;

/** As ffmpeg writes to a pipe: without a size. */
function piped(coding: "f32", channels: number, data = sampleBytes(coding, channels)): Buffer {
  return riff(fmt({ code: 3, bits: 32, channels, length: 40 }), chunk("data", data, { size: 0xffff_ffff }));
}

describe("whatever ffmpeg does", needs("posix"), () => {
  test("it is found on the PATH only, in folders that are absolute", async () => {
    await pretend("");
    expect(findFfmpeg()).toBe(join(process.env.PATH!, "ffmpeg"));
    for (const path of ["", ".", `:.:${at("nowhere")}`]) {
      vi.stubEnv("PATH", path);
      expect(findFfmpeg()).toBeUndefined();
    }
  });

  test("without it the kind is named, with the command that converts", async () => {
    vi.stubEnv("PATH", "");
    const path = at("talk.m4a");
    await copyFile(m4a, path);
    await expect(readAudio(path)).rejects.toThrow(
      `${path}: is an M4A or MP4 file: install ffmpeg to have it read, or convert it first: ffmpeg -i "${path}" "${at("talk.wav")}"`,
    );
  });

  test("channels are mixed down as everywhere, and it is said who read the file", async () => {
    await pretend(writing(piped("f32", 2)));
    const { samples, sampleRate, format, warnings } = await readAudio(m4a);
    const whole = await decodeAudio(
      riff(fmt({ code: 3, bits: 32, channels: 2 }), chunk("data", sampleBytes("f32", 2))),
      "x",
    );
    expect(samples).toEqual(whole.samples);
    expect([sampleRate, warnings]).toEqual([16_000, ["read through ffmpeg"]]);
    expect(format).toEqual({ container: "m4a", encoding: "ffmpeg", channels: 2, bitsPerSample: 0 });
  });

  test("what comes in pieces of any size is put together", async () => {
    const wav = piped("f32", 2);
    await pretend(`const wav = Buffer.from("${wav.toString("base64")}", "base64");
      (async () => {
        for (let i = 0; i < wav.length; i += 997) {
          process.stdout.write(wav.subarray(i, i + 997));
          await new Promise(setImmediate);
        }
      })();`);
    expect((await readAudio(m4a)).samples.length).toBe(1600);
  });

  test("the path and the format cannot be taken for anything else", async () => {
    await pretend(`require("node:fs").writeFileSync(${JSON.stringify(at("args.json"))}, JSON.stringify(args));
      ${writing(piped("f32", 1))}`);
    for (const name of ["-y.m4a", "new\nline.m4a", "concat:x.m4a", "http:x.m4a", 'a%03d "$(x)".m4a']) {
      await copyFile(m4a, at(name));
      await readAudio(at(name));
      const args: string[] = JSON.parse(await readFile(at("args.json"), "utf8"));
      expect(args.slice(args.indexOf("-f"), args.indexOf("-map"))).toEqual([
        ...["-f", "mov", "-i", `file:${at(name)}`],
      ]);
      expect(args).toContain("-nostdin");
      expect(args[args.indexOf("-protocol_whitelist") + 1]).toBe("file");
    }
  });

  test.each([
    [
      'console.error("[mov @ 0x55d] moov atom not found"); process.exit(1)',
      /ffmpeg cannot read it: moov atom not found$/,
    ],
    [
      "console.error(\"Stream map '0:a:0' matches no streams.\"); process.exit(1)",
      /ffmpeg cannot read it: it has no sound/,
    ],
    ["process.exit(3)", /ffmpeg cannot read it: exit code 3/],
    ["", /ffmpeg cannot read it: exit code 0/],
    ['process.stdout.write("no sound")', /ffmpeg cannot read it: exit code 0/],
    [writing(piped("f32", 1, Buffer.from("0000c07f0000c07f", "hex"))), /sample 0 is not a number/],
    ['process.kill(process.pid, "SIGKILL")', /ffmpeg cannot read it/],
  ])("a failure is one line that names the file: %s", async (script, reason) => {
    await pretend(script);
    const error = await readAudio(m4a).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(AudioError);
    expect(error.message).toMatch(reason);
    expect(error.message.startsWith(`${m4a}: `)).toBe(true);
    expect(error.message).not.toContain("\n");
  });

  test("a program that cannot be started is named", async () => {
    await pretend("");
    await writeFile(join(process.env.PATH!, "ffmpeg"), "\x7fELF nonsense", { mode: 0o755 });
    await expect(readAudio(m4a)).rejects.toThrow(/chirp\.m4a: is an M4A or MP4 file, but ffmpeg cannot/);
  });

  test("what it complains of while it reads is a warning", async () => {
    await pretend(`console.error("[matroska @ 0x5] File ended prematurely"); ${writing(piped("f32", 1))}`);
    expect((await readAudio(m4a)).warnings).toEqual([
      "read through ffmpeg",
      "ffmpeg: File ended prematurely",
    ]);
  });

  test("bytes that are in no file go through a temporary one, which is removed", async () => {
    const tmp = await mkdtemp(join(folder, "tmp-"));
    vi.stubEnv("TMPDIR", tmp);
    await pretend(`const file = args[args.indexOf("-i") + 1].slice(5);
      require("node:fs").copyFileSync(file, ${JSON.stringify(at("copy"))});
      ${writing(piped("f32", 1))}`);
    const bytes = await readFile(m4a);
    expect((await decodeAudio(bytes, "standard input")).warnings).toEqual(["read through ffmpeg"]);
    expect(await readFile(at("copy"))).toEqual(bytes);
    expect(await readdir(tmp)).toEqual([]);
    vi.stubEnv("TMPDIR", at("nowhere"));
    await expect(decodeAudio(bytes, "standard input")).rejects.toThrow(
      /standard input: is an M4A or MP4 file, but the temporary copy for ffmpeg cannot be written to .*nowhere/,
    );
  });
});

describe("through the real ffmpeg", needs("ffmpeg"), () => {
  const RATE = 44_100;
  /** 0.4 sin(2 pi 500 t) for a second. */
  const tone = Float32Array.from({ length: RATE }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 500 * i) / RATE));

  beforeAll(async () => {
    await writeFile(at("tone.wav"), encodeWav(tone, RATE));
  });

  function make(name: string, ...options: string[]): string {
    const program = findFfmpeg();
    if (!program) throw new Error("ffmpeg is required, and not on the PATH");
    const from = ["-nostdin", "-loglevel", "error", "-y", "-i", at("tone.wav")];
    execFileSync(program, [...from, ...options, `file:${at(name)}`]);
    return at(name);
  }

  test.each([
    ["a.m4a", "m4a", []],
    ["a.mp4", "m4a", []],
    ["a.webm", "webm", ["-c:a", "libopus"]],
    ["a.mka", "webm", ["-c:a", "libvorbis"]],
    ["a.wma", "wma", []],
    ["a.caf", "caf", []],
    ["a.aac", "aac", []],
    ["a.w64", "w64", []],
    ["a.voc", "voc", []],
    ["a.au", "au", []],
    ["a.wv", "wavpack", []],
    ["adpcm.wav", "wav", ["-c:a", "adpcm_ms"]],
    ["stereo.m4a", "m4a", ["-ac", "2"]],
  ])("reads %s", async (name, container, options) => {
    const { samples, sampleRate, format, warnings } = await readAudio(make(name, ...options));
    expect(format).toMatchObject({ container, encoding: "ffmpeg" });
    expect(warnings).toEqual(["read through ffmpeg"]);
    const rms = Math.hypot(...samples.subarray(10_000, 30_000)) / Math.sqrt(20_000);
    // A second channel of ffmpeg's has the first one's sound at 3 dB less, for the same power in all.
    expect(rms).toBeCloseTo(0.4 / Math.SQRT2 / (name.startsWith("stereo") ? Math.SQRT2 : 1), 1);
    expect(samples.length / sampleRate).toBeGreaterThan(0.95);
    expect(samples.length / sampleRate).toBeLessThan(1.1);
  });

  test("NIST SPHERE, which begins like text", async () => {
    const fields = [
      "channel_count -i 1",
      "sample_count -i 16000",
      "sample_rate -i 16000",
      "sample_n_bytes -i 2",
    ];
    const more = ["sample_byte_format -s2 01", "sample_sig_bits -i 16", "sample_coding -s3 pcm", "end_head"];
    const head = Buffer.from(`NIST_1A\n   1024\n${[...fields, ...more].join("\n")}\n`.padEnd(1024));
    await writeFile(at("timit.wav"), Buffer.concat([head, sampleBytes("s16", 1, true, 16_000)]));
    const { samples, sampleRate, format } = await readAudio(at("timit.wav"));
    expect([samples.length, sampleRate, format.container]).toEqual([16_000, 16_000, "sphere"]);
  });

  test("any name of a file", async () => {
    const plain = await readAudio(make("plain.m4a"));
    for (const name of ["-dash.m4a", "new\nline.m4a", "concat:x.m4a", "http:x.m4a", 'a%03d "$(x)".m4a']) {
      await copyFile(at("plain.m4a"), at(name));
      expect((await readAudio(at(name))).samples).toEqual(plain.samples);
    }
  });

  test("damage is an AudioError in one line, or a warning", async () => {
    const m4aBytes = await readFile(make("whole.m4a"));
    await expect(decodeAudio(m4aBytes.subarray(0, 3000), "cut.m4a")).rejects.toThrow(
      /^cut\.m4a: is an M4A or MP4 file, but ffmpeg cannot read it: .+$/,
    );
    const webm = await readFile(make("whole.webm", "-c:a", "libopus"));
    const { samples, warnings } = await decodeAudio(
      webm.subarray(0, Math.floor(webm.length / 2)),
      "cut.webm",
    );
    expect(samples.length).toBeGreaterThan(10_000);
    expect(warnings[1]).toMatch(/^ffmpeg: /);
  });

  test("a film without sound says so", async () => {
    const video = ["-f", "lavfi", "-i", "color=size=32x32:duration=0.2", "-map", "1:v"];
    await expect(readAudio(make("film.mp4", ...video))).rejects.toThrow(
      /ffmpeg cannot read it: it has no sound/,
    );
  });

  test("features and a check of a manifest read it too", async () => {
    await mkdir(at("corpus"), { recursive: true });
    await copyFile(make("clip.m4a"), at("corpus/clip.m4a"));
    for await (const [result] of extractFiles([at("corpus/clip.m4a")]))
      expect(result).toHaveProperty("matrix");
    await writeFile(at("corpus/clips.csv"), "id,path,speaker,emotion\n1,clip.m4a,s,happy\n");
    const [report] = await checkFound(await findManifest(at("corpus/clips.csv")), { quiet: true });
    expect(report!.invalidClips).toEqual([]);
    expect(report).toMatchObject({
      invalid: 0,
      formats: [{ format: "m4a, ffmpeg, 44100 Hz, mono", clips: 1 }],
    });
    expect(report!.notes).toContainEqual({ kind: "warning", clips: ["own/1"], text: "read through ffmpeg" });
  });
});
