import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fromRows } from "../../lib/base/matrix.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { loadEmbeddings } from "../../lib/features/embeddings.js";
import { writeNpy } from "../../lib/features/npy.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "embeddings-"));
});
afterEach(() => rm(folder, { recursive: true }));

const clip = (id: string): Clip => ({
  id,
  corpus: "own",
  speaker: "a",
  emotion: "fear",
  label: "fear",
  path: "/nowhere",
  synthetic: false,
});

test("by the clips' ids; those without are named", async () => {
  await writeNpy(join(folder, "own", "b.npy"), fromRows([[1, 2], [3, 4]])); // biome-ignore format: a matrix
  const set = await loadEmbeddings(folder, [clip("own/a"), clip("own/b")]);
  expect(set.cols).toBe(2);
  expect(set.clips.map(({ id }) => id)).toEqual(["own/b"]);
  expect(Array.from(set.matrix(0).data)).toEqual([1, 2, 3, 4]);
  expect(set.broken[0]!.clip.id).toBe("own/a");
  expect(set.broken[0]!.error).toContain(join(folder, "own", "a.npy"));
});

test("nothing there, no folder, or widths that differ", async () => {
  await expect(loadEmbeddings(folder, [clip("own/a")])).rejects.toThrow(/for any of the 1 clips.*a\.npy/);
  await expect(loadEmbeddings(join(folder, "no"), [clip("own/a")])).rejects.toThrow(/no such folder/);
  await writeNpy(join(folder, "own", "a.npy"), fromRows([[1]]));
  await writeNpy(join(folder, "own", "b.npy"), fromRows([[1, 2]]));
  await expect(loadEmbeddings(folder, [clip("own/a"), clip("own/b")])).rejects.toThrow(
    /own\/a has 1.*own\/b has 2/,
  );
});
