import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAudio } from "../../../lib/audio/read.js";
import { encodeWav } from "../../../lib/audio/write.js";
import { UserError } from "../../../lib/base/errors.js";
import type { Matrix } from "../../../lib/base/matrix.js";
import type { Clip } from "../../../lib/corpora/clip.js";
import { findCorpora } from "../../../lib/corpora/registry.js";
import { planClips, synthesizeClip } from "../../../lib/corpora/synthetic/clips.js";
import { synthesizeCorpora } from "../../../lib/corpora/synthetic/synthetic.js";
import { createExtractor } from "../../../lib/features/extract.js";
import { featureSettings } from "../../../lib/features/settings.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "synthetic-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("synthesizeCorpora", () => {
  const options = { corpora: ["tess"] as const, quiet: true };

  test("writes on two threads the bytes that one makes, other bytes with another seed", async () => {
    const at = join(folder, "tess");
    expect(await synthesizeCorpora(at, { ...options, threads: 2 })).toEqual({ clips: 420, skipped: false });
    for (const clip of planClips(["tess"]).filter((_, i) => i % 14 === 0)) {
      const written = await readFile(join(at, clip.file));
      expect(written.equals(encodeWav(synthesizeClip(clip, 1), clip.sampleRate))).toBe(true);
      expect(written.equals(encodeWav(synthesizeClip(clip, 2), clip.sampleRate))).toBe(false);
    }
  }, 60_000);

  test("a complete folder is left alone, one of another version is made anew", async () => {
    const at = join(folder, "tess");
    const marker = join(at, "SYNTHETIC.json");
    expect(await synthesizeCorpora(at, options)).toEqual({ clips: 420, skipped: true });
    const stated = JSON.parse(await readFile(marker, "utf8"));
    expect(stated).toMatchObject({ synthetic: true, seed: 1, clips: 420, corpora: ["tess"] });
    await writeFile(marker, JSON.stringify({ ...stated, version: -1 }));
    await rm(join(at, "Tess", "OAF_angry"), { recursive: true });
    expect(await synthesizeCorpora(at, options)).toEqual({ clips: 420, skipped: false });
    expect(await readdir(join(at, "Tess", "OAF_angry"))).toHaveLength(30);
    expect((await readdir(folder)).filter((name) => name.endsWith(".part"))).toEqual([]);
  }, 60_000);

  test("refuses a folder with other files, and a file", async () => {
    const at = join(folder, "mine");
    await mkdir(at);
    await writeFile(join(at, "thesis.txt"), "dear");
    await expect(synthesizeCorpora(at, { quiet: true })).rejects.toThrow(/thesis|not synthetic/);
    expect(await readFile(join(at, "thesis.txt"), "utf8")).toBe("dear");
    await expect(synthesizeCorpora(join(at, "thesis.txt"), { quiet: true })).rejects.toThrow(UserError);
  });

  test("stopped, it leaves nothing behind", async () => {
    const at = join(folder, "stopped");
    const options = { corpora: ["tess"] as const, signal: AbortSignal.abort(), quiet: true };
    await expect(synthesizeCorpora(at, options)).rejects.toThrow(/stopped/);
    expect((await readdir(folder)).filter((name) => name.includes("stopped"))).toEqual([]);
  });
});

describe("CREMA-D's stand-in", () => {
  let clips: Clip[];
  beforeAll(async () => {
    const at = join(folder, "cremad");
    await synthesizeCorpora(at, { corpora: ["cremad"], quiet: true });
    clips = (await findCorpora(at)).flatMap((corpus) => corpus.clips);
  }, 60_000);

  test("is found, marked synthetic, and is 16-bit sound of one to four seconds", async () => {
    expect(clips).toHaveLength(planClips(["cremad"]).length);
    expect(clips.every(({ synthetic }) => synthetic)).toBe(true);
    for (const { path } of clips.slice(0, 20)) {
      const audio = await readAudio(path);
      expect(audio.sampleRate).toBe(16000);
      expect(audio.samples.length / 16000).toBeGreaterThan(1);
      expect(audio.samples.length / 16000).toBeLessThan(4);
    }
  });

  test("is hard: a linear model reaches 35 to 75 % UAR on unseen speakers", async () => {
    const extract = createExtractor(featureSettings({ kind: "mfcc", deltas: 1 }));
    const x: Float64Array[] = [];
    for (const { path } of clips) {
      const audio = await readAudio(path);
      x.push(meanAndSd(extract(audio.samples, audio.sampleRate)));
    }
    const test = clips.map(({ speaker }) => Number(speaker) % 4 === 0);
    const uar = ridgeUar(
      x,
      clips.map(({ emotion }) => emotion),
      test,
    );
    expect(uar).toBeGreaterThan(0.35);
    expect(uar).toBeLessThan(0.75);
  }, 60_000);
});

function meanAndSd({ data, rows, cols }: Matrix): Float64Array {
  const out = new Float64Array(2 * cols);
  for (let i = 0; i < data.length; i++) out[i % cols]! += data[i]! / rows;
  for (let i = 0; i < data.length; i++) out[cols + (i % cols)]! += (data[i]! - out[i % cols]!) ** 2 / rows;
  return out.map((value, j) => (j < cols ? value : Math.sqrt(value)));
}

/** UAR on the test rows of one-hot ridge regression (penalty 30) on standardised features and a constant. */
function ridgeUar(rows: Float64Array[], labels: string[], isTest: boolean[]): number {
  const classes = [...new Set(labels)].sort();
  const train = rows.filter((_, i) => !isTest[i]);
  const width = rows[0]!.length;
  const mean = Float64Array.from({ length: width }, (_, j) => average(train.map((r) => r[j]!)));
  const sd = mean.map((m, j) => Math.sqrt(average(train.map((r) => (r[j]! - m) ** 2))) + 1e-9);
  const z = rows.map((r) =>
    Float64Array.from({ length: width + 1 }, (_, j) => (j < width ? (r[j]! - mean[j]!) / sd[j]! : 1)),
  );
  const normal = Array.from({ length: width + 1 }, () => new Float64Array(width + 1 + classes.length));
  z.forEach((r, i) => {
    if (isTest[i]) return;
    for (let j = 0; j <= width; j++) {
      for (let k = 0; k <= width; k++) normal[j]![k]! += r[j]! * r[k]!;
      normal[j]![width + 1 + classes.indexOf(labels[i]!)]! += r[j]!;
    }
  });
  normal.forEach((row, j) => {
    row[j]! += 30;
  });
  solve(normal);
  const hits = new Map(classes.map((name) => [name, { right: 0, all: 0 }]));
  z.forEach((r, i) => {
    if (!isTest[i]) return;
    const scores = classes.map((_, c) =>
      r.reduce((sum, value, j) => sum + value * normal[j]![width + 1 + c]!, 0),
    );
    const hit = hits.get(labels[i]!)!;
    hit.all++;
    if (classes[scores.indexOf(Math.max(...scores))] === labels[i]) hit.right++;
  });
  return average([...hits.values()].map(({ right, all }) => right / all));
}

/** Gauss and Jordan on [A | B] with A symmetric and positive definite: leaves the solution in B's columns. */
function solve(rows: Float64Array[]): void {
  for (let p = 0; p < rows.length; p++) {
    const pivot = rows[p]!;
    const scale = 1 / pivot[p]!;
    for (let k = p; k < pivot.length; k++) pivot[k]! *= scale;
    for (let i = 0; i < rows.length; i++) {
      const factor = rows[i]![p]!;
      if (i === p || factor === 0) continue;
      for (let k = p; k < pivot.length; k++) rows[i]![k]! -= factor * pivot[k]!;
    }
  }
}

function average(values: number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
