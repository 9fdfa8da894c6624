import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { featureSettings } from "../../lib/features/settings.js";
import { soundVariants } from "../../lib/training/variants.js";

const FEATURES = featureSettings({ nMels: 20 });
let folder: string;
let clips: Clip[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
  clips = await Promise.all(
    [200, 300, 400].map(async (hz): Promise<Clip> => {
      const path = join(folder, `${hz}.wav`);
      const samples = Float32Array.from({ length: 8000 }, (_, n) => 0.3 * Math.sin((n * hz) / 2500));
      await writeWav(path, samples, 16_000);
      const name = { id: `own/${hz}`, corpus: "own", speaker: "s", emotion: "anger", label: "" } as const;
      return { ...name, path, synthetic: false };
    }),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const variantsOf = (chosen: readonly Clip[], seed: number, threads?: number) =>
  soundVariants(chosen, FEATURES, { speed: 0.1, copies: 2 }, { seed, threads, quiet: true });

test("are functions of seed, clip and number, on any number of threads", async () => {
  const all = await variantsOf(clips, 1);
  expect(all.map((own) => own.length)).toEqual([2, 2, 2]);
  expect(all[0]![0]!.features.cols).toBe(20);
  expect(all.map((own) => own.map(({ parent }) => parent))).toEqual(clips.map(({ id }) => [id, id]));
  expect(all[0]![0]).not.toEqual(all[0]![1]);
  expect(await variantsOf([clips[2]!, clips[0]!], 1, 1)).toEqual([all[2], all[0]]);
  expect(await variantsOf(clips, 2)).not.toEqual(all);
});

test("there are none where the sound stays as it is", async () => {
  expect(await soundVariants(clips, FEATURES, { shift: 3 }, { seed: 1 })).toEqual([[], [], []]);
});

test("of a segment are made of its sound alone", async () => {
  const path = join(folder, "long.wav");
  const samples = Float32Array.from({ length: 16_000 }, (_, n) => 0.3 * Math.sin(((n % 8000) * 200) / 2500));
  await writeWav(path, samples, 16_000);
  const segment = { ...clips[0]!, path, start: 0.5 };
  expect(await variantsOf([segment], 1)).toEqual(await variantsOf([clips[0]!], 1));
});
