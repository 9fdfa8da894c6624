import { readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import type { Matrix } from "../../lib/base/matrix.js";
import { Random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { openEncoder } from "../../lib/encoders/network.js";
import { addEncoder } from "../../lib/encoders/store.js";
import type { EncoderInfo } from "../../lib/encoders/types.js";
import { extractClips } from "../../lib/features/corpus.js";
import { openEncoderFeatures } from "../../lib/features/encoder.js";
import { extended, whisperInput } from "../../lib/features/encoder-input.js";
import { layerOf, madeWith } from "../../lib/features/encoder-layers.js";
import { encoderFeatures } from "../../lib/features/encoder-settings.js";
import { openFeatures } from "../../lib/features/open.js";
import { encoderSettings } from "../../lib/features/settings.js";
import { FIXTURE } from "../encoders/files.js";
import { needs } from "../needs.js";
import { whistle } from "./signals.js";

let folder: string;
let info: EncoderInfo;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "encoder-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
  info = await addEncoder(FIXTURE, { name: "fixture" });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** The fixture hears 36 frames, 0.72 s, at once. */
const settings = (partial: Parameters<typeof encoderSettings>[1] = {}) =>
  encoderSettings(info, { silence: 0.1, trimDb: null, layer: 2, ...partial });

const noise = (length: number, seed = 1): Float32Array => {
  const rng = new Random(seed);
  return Float32Array.from({ length }, () => Math.round(rng.uniform(-1, 1) * 8000) / 32768);
};

/** Frames of a layer by hand: those of the clip, none of the silence behind it. */
async function framesOf(samples: Float32Array, layer: number): Promise<Matrix> {
  const { states, dispose } = await openEncoder(info.digest);
  const { data, cols } = await states(whisperInput(80)(extended(samples, samples.length + 1600)));
  await dispose();
  const rows = Math.floor(samples.length / 320);
  const own = Array.from({ length: rows }, (_, t) =>
    data.subarray(t * cols + layer * info.width, t * cols + (layer + 1) * info.width),
  );
  return { data: Float32Array.from(own.flatMap((row) => [...row])), rows, cols: info.width };
}

test("frames are the clip's own, and statistics are theirs", async () => {
  const samples = noise(6500);
  const expected = await framesOf(samples, 2);
  const frames = await (await openFeatures(settings({ pooling: "frames" })))(samples, 16000);
  expect(frames).toEqual(expected);
  const statistics = await (await openFeatures(settings()))(samples, 16000);
  expect([statistics.rows, statistics.cols]).toEqual([1, 2 * info.width]);
  for (let col = 0; col < info.width; col++) {
    const column = Array.from({ length: expected.rows }, (_, t) => expected.data[t * info.width + col]!);
    const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
    const variance = column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / column.length;
    expect(statistics.data[col]).toBeCloseTo(mean, 5);
    expect(statistics.data[info.width + col]).toBeCloseTo(Math.sqrt(variance), 4);
  }
});

test("settings of another shape are refused, as the states of one encoder would be taken for another's", async () => {
  for (const other of [{ width: info.width + 1 }, { blocks: info.blocks + 1 }])
    await expect(openEncoderFeatures({ ...settings(), ...other })).rejects.toThrow(
      /^fixture has \d+ blocks of width \d+, but the feature settings state/,
    );
});

test("a clip longer than the encoder hears at once goes through it in equal windows", async () => {
  const samples = noise(20000);
  const encoder = await openEncoderFeatures(settings({ pooling: "frames" }));
  const whole = await encoder.of(samples);
  // 9920 samples are heard at once: three windows of 21 frames, the last shorter.
  const parts = [samples.subarray(0, 6720), samples.subarray(6720, 13440), samples.subarray(13440)];
  const each = await Promise.all(parts.map((part) => framesOf(part, 2)));
  expect(whole.rows).toBe(each.reduce((sum, { rows }) => sum + rows, 0));
  expect(whole.data).toEqual(Float32Array.from(each.flatMap(({ data }) => [...data])));
  await encoder.dispose();
  await expect(openEncoderFeatures(settings({ silence: 0.72 }))).rejects.toThrow(/reduce the silence/);
});

test("one pass makes the statistics of all layers, which are kept together", async () => {
  const clips = await Promise.all(
    [1, 2, 3].map(async (seed): Promise<Clip> => {
      const path = join(folder, `clip${seed}.wav`);
      await writeWav(path, noise(4000 + 100 * seed, seed), 16000);
      return {
        ...{ id: `own/${seed}`, corpus: "own", speaker: "a", emotion: "anger", label: "anger" },
        path,
        synthetic: false,
      };
    }),
  );
  const cache = join(folder, "features");
  const all = await extractClips(clips, settings({ layer: "all" }), { cache, quiet: true });
  expect(all.matrix(0).rows).toBe(3);
  const kept = await readdir(cache);
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "none"));
  // From the cache: the encoder is not there any more.
  const one = await extractClips(clips, settings({ layer: 1 }), { cache, quiet: true });
  vi.stubEnv("XDG_CACHE_HOME", folder);
  expect(one.clips.length).toBe(3);
  expect(one.matrix(1)).toEqual(layerOf(all.matrix(1), settings({ layer: 1 })));
  expect(await readdir(cache)).toEqual(kept);
  expect(madeWith(settings({ pooling: "frames" }))).toEqual(settings({ pooling: "frames" }));
  const fresh = await extractClips(clips, settings({ layer: 1 }), { cache: null, quiet: true });
  expect(fresh.matrix(2)).toEqual(one.matrix(2));
});

test("frames are read from the cache whenever they are wanted, and a cache that was changed meanwhile is told", async () => {
  const path = join(folder, "frames.wav");
  await writeWav(path, noise(5000, 7), 16000);
  const clip: Clip = {
    ...{ id: "own/frames", corpus: "own", speaker: "a", emotion: "anger", label: "anger" },
    ...{ path, synthetic: false },
  };
  const cache = join(folder, "frames");
  const frames = settings({ pooling: "frames" });
  const fresh = await extractClips([clip], frames, { cache, quiet: true });
  const again = await extractClips([clip], frames, { cache, quiet: true });
  const none = await extractClips([clip], frames, { cache: null, quiet: true });
  expect(fresh.matrix(0).rows).toBe(15);
  expect(fresh.matrix(0)).toEqual(none.matrix(0));
  expect(again.matrix(0)).toEqual(none.matrix(0));
  expect(none.matrix(0)).toBe(none.matrix(0));
  expect(again.matrix(0)).not.toBe(again.matrix(0));
  await rm(cache, { recursive: true });
  expect(() => again.matrix(0)).toThrow(/segment was changed while it was in use: run the command again/);
});

test("what is asked of an encoder by name is completed by what it is", () => {
  expect(encoderFeatures({ kind: "encoder", encoder: "fixture", layer: 1 })).toEqual({
    ...{ kind: "encoder", encoder: info.digest, width: 24, blocks: 2, layer: 1 },
    ...{ pooling: "statistics", trimDb: 60, silence: 1 },
  });
  expect(() => encoderFeatures({ kind: "encoder", encoder: "fixture", width: 25 })).toThrow(
    "width is 25: the encoder fixture has 24",
  );
  expect(() => encoderFeatures({ kind: "encoder", encoder: "nobody" })).toThrow(/unknown encoder nobody/);
});

interface RealState {
  deviation: number;
  rows: Record<string, number[]>;
}

// Where the folder is named, a model that it lacks is a failure.
const real = process.env.SER_ENCODERS;
test.each(["whisper-base", "whisper-tiny.en"])(
  "the states of %s are PyTorch's",
  needs("encoders"),
  async (name) => {
    const fixture = new URL("../fixtures/encoders/whisper-real.json", import.meta.url);
    const expected = (JSON.parse(readFileSync(fixture, "utf8")) as Record<string, RealState[]>)[name]!;
    const { digest, width } = await addEncoder(join(real!, name, "model.bin"));
    const { states, dispose } = await openEncoder(digest);
    const samples = whistle();
    const { data, cols } = await states(whisperInput(80)(extended(samples, samples.length + 16000)));
    await dispose();
    expect(cols).toBe(expected.length * width);
    for (const [layer, { deviation, rows }] of expected.entries())
      for (const [row, values] of Object.entries(rows))
        values.forEach((value, col) => {
          const own = data[Number(row) * cols + layer * width + col]!;
          expect(Math.abs(own - value) / deviation, `layer ${layer}`).toBeLessThan(1e-3);
        });
  },
);
