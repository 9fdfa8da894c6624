import {
  appendFile,
  cp,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { Interrupted, UserError } from "../../lib/base/errors.js";
import { sha256 } from "../../lib/base/hash.js";
import { Random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import {
  type ExtractOptions,
  extractClips,
  type FeatureSet,
  sampleHashes,
} from "../../lib/features/corpus.js";
import { createExtractor } from "../../lib/features/extract.js";
import { featureSettings } from "../../lib/features/settings.js";
import { tableFeatures } from "../../lib/features/table-settings.js";
import { needs } from "../needs.js";

let folder = "";
let cache = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "features-"));
  cache = join(folder, "cache");
});
afterEach(() => rm(folder, { recursive: true }));

const settings = featureSettings({ kind: "mfcc", nMfcc: 13 });

const noise = (seed: number, length = 4000): Float32Array => {
  const rng = new Random(seed);
  return Float32Array.from({ length }, () => Math.round(rng.uniform(-1, 1) * 32767) / 32768);
};

function clip(name: string): Clip {
  const path = join(folder, `${name}.wav`);
  return {
    id: `own/${name}`,
    corpus: "own",
    speaker: "a",
    emotion: "anger",
    label: "anger",
    path,
    synthetic: false,
  };
}

/** Clips of noise, written long enough ago that their times can be trusted. */
async function makeClips(count: number): Promise<Clip[]> {
  const clips = Array.from({ length: count }, (_, i) => clip(`clip${String(i).padStart(3, "0")}`));
  for (const [i, { path }] of clips.entries()) await writeWav(path, noise(i, 2000 + 50 * i), 16000);
  return clips;
}

const matrices = (set: FeatureSet) => set.clips.map((_, i) => set.matrix(i));

/** Extracts, and tells whether the cache was read: its segments stay as they are when nothing is new. */
async function extract(clips: readonly Clip[], options: ExtractOptions = {}, own = settings) {
  const before = await segmentBytes();
  const set = await extractClips(clips, own, { cache, threads: 2, quiet: true, ...options });
  return { set, added: (await segmentBytes()) - before };
}

async function segments(): Promise<string[]> {
  const names = await readdir(cache, { recursive: true }).catch(() => []);
  return names.filter((name) => name.endsWith(".segment")).map((name) => join(cache, name));
}

async function segmentBytes(): Promise<number> {
  let sum = 0;
  for (const path of await segments()) sum += (await stat(path)).size;
  return sum;
}

test("the same bits from this thread, from worker threads and from the cache", async () => {
  const clips = await makeClips(40);
  const here = await Promise.all(
    clips.map(async (_, i) => createExtractor(settings)(noise(i, 2000 + 50 * i), 16000)),
  );
  const { set: first } = await extract(clips);
  expect(matrices(first)).toEqual(here);
  const { set: second, added } = await extract(clips);
  expect(matrices(second)).toEqual(here);
  expect(added).toBe(0);
  expect(matrices((await extract(clips, { cache: null })).set)).toEqual(here);
  expect(matrices((await extract(clips.slice(5, 9))).set)).toEqual(here.slice(5, 9));
});

test("segments have their own features, hashes and places in the cache", async () => {
  const long = clip("long");
  await writeWav(long.path, noise(1, 8000), 16000);
  const pieces: Clip[] = [
    { ...long, id: "own/first", end: 0.25 },
    { ...long, id: "own/second", start: 0.25 },
    { ...long, id: "own/outside", start: 0.25, end: 0.9 },
    long,
  ];
  const here = [noise(1, 8000).subarray(0, 4000), noise(1, 8000).subarray(4000), noise(1, 8000)].map(
    (samples) => createExtractor(settings)(samples, 16000),
  );
  const { set: first } = await extract(pieces);
  expect(matrices(first)).toEqual(here);
  expect(first.broken).toMatchObject([
    { clip: { id: "own/outside" }, error: expect.stringContaining("the segment ends at 0.9 s") },
  ]);
  expect(new Set(first.samples!.values()).size).toBe(3);
  const settled = new Date(Date.now() - 10_000);
  await utimes(long.path, settled, settled);
  const readable = pieces.filter(({ id }) => id !== "own/outside");
  const { set: second, added } = await extract(readable);
  expect([matrices(second), added]).toEqual([here, 0]);
  expect(second.samples).toEqual(first.samples);
  const { samples, broken } = await sampleHashes(pieces, { cache, quiet: true });
  expect([samples, broken.length]).toEqual([first.samples, 1]);
});

test("clips of equal sound have equal hashes, whatever the file, new or from the cache", async () => {
  const clips = await makeClips(4);
  const twin = clip("twin");
  await writeWav(twin.path, noise(2, 2100), 16000);
  await appendFile(twin.path, "LIST\x04\0\0\0abcd");
  const all = [...clips, twin];
  const { set: first } = await extract(all);
  const hashes = all.map(({ id }) => first.samples!.get(id));
  expect(hashes[4]).toBe(hashes[2]);
  expect(new Set(hashes).size).toBe(4);
  const bytes = new Uint8Array(noise(0, 2000).buffer);
  expect(hashes[0]).toBe(sha256(bytes));
  for (const own of [cache, null, join(folder, "another")]) {
    expect((await extract(all, { cache: own })).set.samples).toEqual(first.samples);
    const again = await sampleHashes(all, { cache: own, quiet: true });
    expect(again).toEqual({ samples: first.samples, broken: [] });
  }
});

test("clips that cannot be hashed are named, or fatal when strict", async () => {
  const clips = await makeClips(3);
  await writeFile(clips[1]!.path, "not a sound");
  const { samples, broken } = await sampleHashes(clips, { cache, quiet: true });
  expect([...samples.keys()]).toEqual(["own/clip000", "own/clip002"]);
  expect(broken.map((one) => one.clip.id)).toEqual(["own/clip001"]);
  await expect(sampleHashes(clips, { cache, quiet: true, strict: true })).rejects.toThrow(UserError);
});

describe("the cache is never wrong", () => {
  test("other settings, other features", async () => {
    const clips = await makeClips(3);
    await extract(clips);
    const own = featureSettings({ kind: "mfcc", nMfcc: 13, fmin: 50 });
    const { set, added } = await extract(clips, {}, own);
    expect(added).toBeGreaterThan(0);
    expect(set.matrix(0)).toEqual(createExtractor(own)(noise(0, 2000), 16000));
  });

  test("a file that changed, though its size and the time of its change are the same", async () => {
    const clips = await makeClips(3);
    await extract(clips);
    const { path } = clips[1]!;
    const { atime, mtime } = await stat(path);
    await writeWav(path, noise(99, 2050), 16000);
    await utimes(path, atime, mtime);
    const { set } = await extract(clips);
    expect(set.matrix(1)).toEqual(createExtractor(settings)(noise(99, 2050), 16000));
    expect(set.matrix(2)).toEqual(createExtractor(settings)(noise(2, 2100), 16000));
  });

  test("a file that moved is found by its content", async () => {
    const clips = await makeClips(3);
    await extract(clips);
    const moved = clip("elsewhere");
    await cp(clips[2]!.path, moved.path);
    const { set, added } = await extract([moved]);
    expect(added).toBe(0);
    expect(set.matrix(0)).toEqual(createExtractor(settings)(noise(2, 2100), 16000));
  });

  test("a record that was cut off, or damaged, or followed by rubbish, is made again", async () => {
    const clips = await makeClips(20);
    const right = matrices((await extract(clips)).set);
    const [segment] = await segments();
    const whole = await readFile(segment!);
    const cases: (() => Promise<void>)[] = [
      () => truncate(segment!, whole.length - 10),
      () => truncate(segment!, 30),
      () => truncate(segment!, 0),
      () =>
        appendFile(
          segment!,
          "rubbish that is longer than the header of a record, so that it is looked at as one",
        ),
      () =>
        writeFile(
          segment!,
          whole.map((byte, i) => (i === 100 ? byte ^ 1 : byte)),
        ), // the frames of the first
      () =>
        writeFile(
          segment!,
          whole.map((byte, i) => (i === 5 ? byte ^ 1 : byte)),
        ), // its header
      () => writeFile(join(cache, "hashes.json"), "{"),
      () => writeFile(join(cache, "hashes.json"), "null"),
    ];
    for (const damage of cases) {
      for (const path of await segments()) if (path !== segment) await rm(path);
      await writeFile(segment!, whole);
      await damage();
      expect(matrices((await extract(clips)).set)).toEqual(right);
    }
  });
});

test("Ctrl-C: what was done is kept, and the rest follows", async () => {
  const clips = await makeClips(64);
  const controller = new AbortController();
  controller.abort();
  await expect(extract(clips, { signal: controller.signal })).rejects.toThrow(Interrupted);
  await expect(extract(clips, { signal: controller.signal })).rejects.toThrow(/0 of 64/);
  await extract(clips.slice(0, 32));
  const kept = await segmentBytes();
  const { set, added } = await extract(clips);
  expect(added).toBeGreaterThan(0);
  expect(added).toBeLessThan(2 * kept);
  expect(set.clips.length).toBe(64);
});

describe("clips that cannot be read", () => {
  test("are left out, with the reason", async () => {
    const clips = await makeClips(4);
    await writeFile(clips[1]!.path, "not a sound");
    await rm(clips[3]!.path);
    for (const own of [cache, null]) {
      const { set } = await extract(clips, { cache: own });
      expect(set.clips.map(({ id }) => id)).toEqual(["own/clip000", "own/clip002"]);
      expect(set.matrix(1)).toEqual(createExtractor(settings)(noise(2, 2100), 16000));
      expect(set.broken.map((broken) => broken.clip.id)).toEqual(["own/clip001", "own/clip003"]);
      for (const { clip: own, error } of set.broken) expect(error).toContain(own.path);
      expect(set.broken[1]!.error).toMatch(/no such file/);
    }
  });

  test("are fatal when strict", async () => {
    const clips = await makeClips(2);
    await writeFile(clips[1]!.path, "");
    await expect(extract(clips, { strict: true })).rejects.toThrow(UserError);
  });
});

test("a cache that cannot be written is said once, and done without", async () => {
  const clips = await makeClips(3);
  await writeFile(cache, "a file where the folder should be");
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const { set } = await extract(clips);
    expect(set.clips.length).toBe(3);
    const said = written.mock.calls.map(([text]) => String(text)).filter((text) => text.includes("cache"));
    expect(said.length).toBe(1);
    expect(said[0]).toContain(cache);
  } finally {
    written.mockRestore();
  }
});

test("no clips", async () => {
  const { set } = await extract([]);
  expect(set.clips).toEqual([]);
  expect(set.broken).toEqual([]);
});

const data = process.env.SER_DATA;
test("every clip of the real corpora is read, and none is broken", needs("corpora"), async () => {
  const { findCorpora } = await import("../../lib/corpora/registry.js");
  const clips = (await findCorpora(data!)).flatMap((corpus) => corpus.clips).filter((_, i) => i % 40 === 0);
  const { set } = await extract(clips);
  expect(set.broken).toEqual([]);
  expect(matrices(set).every((matrix) => matrix.rows > 50 && matrix.data.every(Number.isFinite))).toBe(true);
});

test("a table: its rows, what is not used of it, and the hashes of the sound", async () => {
  const clips = await makeClips(3);
  const file = join(folder, "x.csv");
  await writeFile(
    file,
    "file,x,y,emotion\nclip002.wav,5,6,1\nclip000.wav,1,2,2\nz.wav,0,0,3\nclip001.wav,3,4,4\n",
  );
  const table = tableFeatures({ kind: "table", file });
  const set = await extractClips(clips, table, { cache, quiet: true });
  expect(set.settings).toEqual(table);
  expect(matrices(set).map(({ data }) => [...data])).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(set.samples).toEqual((await sampleHashes(clips, { cache, quiet: true })).samples);
  expect(set.notes).toEqual([
    "x.csv: left out emotion (labels or places by name)",
    "x.csv: 1 row of other clips ignored",
  ]);
  await writeFile(clips[1]!.path, "no sound");
  const { clips: heard, broken, matrix } = await extractClips(clips, table, { cache, quiet: true });
  expect(heard).toEqual([clips[0], clips[2]]);
  expect(broken.map(({ clip }) => clip)).toEqual([clips[1]]);
  expect([...matrix(1).data]).toEqual([5, 6]);
  const more = [...clips, clip("more")];
  await expect(extractClips(more, table, { cache, quiet: true })).rejects.toThrow(
    "no row for 1 of 4 clips: own/more",
  );
});
