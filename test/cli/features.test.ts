import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { addFeatures } from "../../lib/cli/features.js";
import { addEncoder } from "../../lib/encoders/store.js";
import { createExtractor } from "../../lib/features/extract.js";
import { readNpy } from "../../lib/features/npy.js";
import { featureSettings } from "../../lib/features/settings.js";
import { FIXTURE } from "../encoders/files.js";
import { farthest, fixture } from "../features/fixture.js";
import { SIGNALS } from "../features/signals.js";
import { capturePrinted, printed } from "./printed.js";

let folder = "";
let clip = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-features-"));
  clip = join(folder, "some", "chirp.wav");
  await mkdir(join(folder, "some"));
  await writeWav(clip, SIGNALS.chirp!(16000, 8000), 16000);
  await writeFile(join(folder, "some", "text.wav"), "text");
});
afterAll(() => rm(folder, { recursive: true }));

capturePrinted();
afterEach(() => void vi.unstubAllEnvs());

async function ser(...args: string[]): Promise<number> {
  const program = new Command().exitOverride();
  addFeatures(program);
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync(["features", ...args], { from: "user" });
  return Number(process.exitCode ?? 0);
}

test("librosa's numbers, with librosa's options", async () => {
  const reference = fixture<{ mfcc_n13_htk_nonorm: { value: number[][] } }>("librosa/features_chirp_16000");
  const expected = reference.mfcc_n13_htk_nonorm.value; // of every tenth frame
  const options = "--sr 16000 --n-fft 512 --win 512 --hop 160 --n-mels 40 --n-mfcc 13 --htk --json".split(
    " ",
  );
  expect(await ser(clip, "--kind", "mfcc", ...options)).toBe(0);
  const features = JSON.parse(printed.out) as { data: number[][] };
  expect(features).toMatchObject({ kind: "mfcc", sampleRate: 16000, rows: 51, cols: 13 });
  expected.forEach((coefficient, k) => {
    coefficient.forEach((value, i) => {
      // The file has 16 bits a sample.
      expect(Math.abs(features.data[10 * i]![k]! - value)).toBeLessThan(0.5);
    });
  });
});

test("every option reaches the settings", async () => {
  const args =
    "--kind logmel --preset speech --window hamming --no-center --power 1 --n-mels 30 --fmin 50 --fmax 7000";
  const more = "--norm none --top-db none --deltas 2 --trim 50 --hop 200 --win 300 --json";
  expect(await ser(clip, ...`${args} ${more}`.split(" "))).toBe(0);
  const settings = featureSettings({
    window: "hamming",
    center: false,
    power: 1,
    nMels: 30,
    fmin: 50,
    fmax: 7000,
    norm: "none",
    topDb: null,
    deltas: 2,
    trimDb: 50,
    hopLength: 200,
    winLength: 300,
  });
  const { readAudio } = await import("../../lib/audio/read.js");
  const expected = createExtractor(settings)((await readAudio(clip)).samples, 16000);
  const features = JSON.parse(printed.out) as { rows: number; cols: number; data: number[][] };
  expect([features.rows, features.cols]).toEqual([expected.rows, expected.cols]);
  expect(farthest(Float32Array.from(features.data.flat()), expected.data)).toBe(0);
});

test("an encoder's states; options of spectral features do not go with them", async () => {
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
  const { width } = await addEncoder(FIXTURE, { name: "fixture" });
  expect(await ser(clip, "--encoder", "fixture", "--layer", "1", "--silence", "0.1")).toBe(0);
  expect(printed.out).toMatch(new RegExp(`^encoder: 1 row of statistics x ${2 * width} columns`));
  for (const option of ["--no-center", "--n-mels 40", "--htk", "--preset speech"]) {
    const refused = ser(clip, "--encoder", "fixture", ...option.split(" "));
    await expect(refused, option).rejects.toThrow(
      `${option.split(" ")[0]} is an option of spectral features`,
    );
  }
});

test("a short summary, or a file", async () => {
  expect(await ser(clip)).toBe(0);
  expect(printed.out).toMatch(/^mfcc: 22 frames x 20 columns at 22050 Hz/);
  const path = join(folder, "chirp.npy");
  expect(await ser(clip, "--kind", "mel", "--out", path)).toBe(0);
  expect(await readNpy(path)).toMatchObject({ rows: 22, cols: 128 });
});

test("a folder: what cannot be read is left out and named; fatal with --strict", async () => {
  expect(await ser(join(folder, "some"), "--json")).toBe(0);
  expect(JSON.parse(printed.out)).toMatchObject([{ path: clip, rows: 22 }]);
  expect(printed.err).toMatch(/left out: .*text\.wav/);
  await expect(ser(join(folder, "some"), "--strict")).rejects.toThrow(/text\.wav/);
});

test("a place or an ending that cannot be written is refused before any feature is computed", async () => {
  const some = join(folder, "some");
  // It cannot be read, which would be said first if it were.
  const text = join(some, "text.wav");
  await expect(ser(text, "--out", join(clip, "x.npy"))).rejects.toThrow(`cannot write ${clip}: `);
  await expect(ser(text, "--out", join(folder, "x.txt"))).rejects.toThrow(/features are written as .npy/);
  await expect(ser(some, "--strict", "--out", clip)).rejects.toThrow(`cannot write ${clip}: `);
  if (process.platform === "linux")
    await expect(ser(some, "--strict", "--out", "/proc/ser")).rejects.toThrow("cannot write /proc/ser: ");
});

test("mistakes are said in words", async () => {
  await expect(ser(join(folder, "no.wav"))).rejects.toThrow(UserError);
  await expect(ser(join(folder, "some", "text.wav"))).rejects.toThrow(/text\.wav: is text/);
  await expect(ser(clip, "--fmax", "12000")).rejects.toThrow(UsageError);
  await expect(ser(clip, "--out", join(folder, "a.mat"))).rejects.toThrow(/\.npy, \.csv, \.json/);
  await expect(ser(clip, "--top-db", "loud")).rejects.toThrow(CommanderError);
  await expect(ser(clip, "--kind", "chroma")).rejects.toThrow(CommanderError);
});
