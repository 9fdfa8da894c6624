import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { Interrupted } from "../../lib/base/errors.js";
import { sha256 } from "../../lib/base/hash.js";
import { extractFiles, type FileResult } from "../../lib/features/batches.js";
import { createExtractor } from "../../lib/features/extract.js";
import { stampOf } from "../../lib/features/hashes.js";
import { featureSettings } from "../../lib/features/settings.js";
import { SIGNALS } from "./signals.js";

let folder = "";
let paths: string[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "batches-"));
  paths = Array.from({ length: 35 }, (_, i) => join(folder, `${i}.wav`));
  for (const [i, path] of paths.entries()) await writeWav(path, SIGNALS.lcgnoise!(16000, 1000 + i), 16000);
  await writeFile(paths[17]!, "text");
});
afterAll(() => rm(folder, { recursive: true }));

const hashOf = async (path: string) => sha256(await readFile(path));

async function all(
  files: string[],
  ...rest: [Parameters<typeof extractFiles>[1]?, Parameters<typeof extractFiles>[2]?]
) {
  const results: FileResult[] = [];
  for await (const batch of extractFiles(files, ...rest)) results.push(...batch);
  return results.sort((a, b) => a.index - b.index);
}

test("every file once, by its index, with its own frames and hash", async () => {
  const settings = featureSettings({ hopLength: 100 });
  const results = await all(paths, settings, { threads: 2 });
  expect(results.map(({ index }) => index)).toEqual(paths.map((_, i) => i));
  const extract = createExtractor(settings);
  for (const result of results) {
    if (result.index === 17) {
      expect(result).toMatchObject({ error: expect.stringContaining(paths[17]!) });
      continue;
    }
    if ("error" in result) throw new Error(result.error);
    expect(result.hash).toBe(await hashOf(paths[result.index]!));
    expect(result.matrix.rows).toBe(11);
  }
  const { samples } = await import("../../lib/audio/read.js").then(({ readAudio }) => readAudio(paths[34]!));
  expect(results[34]).toMatchObject({ matrix: extract(samples, 16000) });
});

test("a file has no stamp until its times are old enough to tell of every change", async () => {
  const status = await stat(paths[0]!, { bigint: true });
  const changed = Number(status.ctimeNs / 1_000_000n);
  try {
    for (const [age, stamp] of [
      [1000, undefined],
      [3000, stampOf(status)],
    ] as const) {
      vi.useFakeTimers({ toFake: ["Date"], now: changed + age });
      expect((await all(paths.slice(0, 1), undefined, { threads: 1 }))[0]).toMatchObject({ stamp });
    }
  } finally {
    vi.useRealTimers();
  }
});

test("without settings the files are only hashed", async () => {
  const results = await all(paths.slice(0, 2));
  expect(results).toMatchObject([
    { hash: await hashOf(paths[0]!), matrix: { rows: 0 } },
    { hash: await hashOf(paths[1]!), matrix: { rows: 0 } },
  ]);
});

test("a signal that came already stops it, with one batch or many; no files are no batch", async () => {
  const signal = AbortSignal.abort();
  await expect(all(paths.slice(0, 3), featureSettings(), { signal })).rejects.toThrow(Interrupted);
  await expect(all(paths, featureSettings(), { signal })).rejects.toThrow(Interrupted);
  expect(await all([], featureSettings())).toEqual([]);
});

test("a name that the system refuses is an error of that file, as one that is not there", async () => {
  const results = await all([paths[0]!, join(folder, `${"x".repeat(300)}.wav`), join(folder, "none.wav")]);
  expect(results.map((result) => "error" in result)).toEqual([false, true, true]);
});
