import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { melFilterbank } from "../../lib/features/mel.js";
import { needs, unless } from "../needs.js";
import { farthest } from "./fixture.js";
import { compare, type LibrosaCase } from "./librosa.js";
import { SIGNALS } from "./signals.js";

// All values librosa was asked for, where a folder of them is at hand: SER_REFERENCE=DIR npx vitest run test/features
const folder = process.env.SER_REFERENCE;
const load = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

describe("every reference value (SER_REFERENCE)", needs("reference"), () => {
  const root = folder ?? "";
  const names = folder
    ? readdirSync(join(root, "librosa")).filter((name) => name.startsWith("features_"))
    : [];
  test.each(names.length > 0 ? names : ["none"])("%s", async (name) => {
    const reference = load(join(root, "librosa", name)) as LibrosaCase;
    const make = SIGNALS[name.split("_")[1]!];
    const wav = String(reference.file).split("/").at(-1)!;
    const samples = make
      ? make(reference.sr, reference.n)
      : (await readAudio(join(root, wav))).samples.subarray(0, reference.n);
    const deviations = compare(reference, samples);
    expect(deviations.length).toBeGreaterThan(1);
    expect(deviations.filter(({ difference, allowed }) => !(difference <= allowed))).toEqual([]);
  });

  const banks = join(root, "mel-filterbanks", "mel_filterbanks.json");
  test("filter banks made by MATLAB", unless(existsSync(banks), "mel-filterbanks in SER_REFERENCE"), () => {
    interface Bank {
      sr: number;
      n_fft: number;
      n_mels: number;
      fmin: number;
      fmax: number;
      htk: boolean;
      norm: string | null;
      /** `null` where a band is empty. */
      rows: ([start: number, weights: number[]] | null)[];
    }
    const all = load(banks) as Bank[];
    expect(all.length).toBe(145);
    for (const { sr, n_fft, n_mels, fmin, fmax, htk, norm, rows } of all) {
      const own = melFilterbank({
        sampleRate: sr,
        nFft: n_fft,
        nMels: n_mels,
        fmin,
        fmax,
        htk,
        norm: norm === "slaney" ? "slaney" : "none",
      });
      for (const [i, band] of own.entries()) {
        const dense = new Float64Array(n_fft);
        dense.set(band.weights, band.start);
        const [start, weights] = rows[i] ?? [band.start, []];
        if (weights.length === 0) expect(band.weights.length).toBe(0);
        expect(farthest(dense.subarray(start, start + weights.length), weights)).toBeLessThan(1e-6);
      }
    }
  });
});
