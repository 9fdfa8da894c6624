import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { fromRows } from "../../lib/base/matrix.js";
import { FeatureCache, stampOf } from "../../lib/features/cache.js";
import { featureSettings } from "../../lib/features/settings.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "cache-"));
});
afterEach(() => rm(folder, { recursive: true }));

const settings = featureSettings({ kind: "mfcc", nMfcc: 2 });
const fail = (text: string) => expect.unreachable(text);
const open = (own = settings) => new FeatureCache(folder, own, fail);

test("what one adds, the next reads; other settings see nothing of it", async () => {
  const [one, two] = [fromRows([[1, 2]]), fromRows([[3, 4], [5, 6]])]; // biome-ignore format: matrices
  const writer = open();
  await writer.add(sha256("one"), one);
  expect(open().read(sha256("one"))).toEqual(one); // while it is being written
  await writer.add(sha256("two"), two);
  await writer.add(sha256("two"), two);
  await writer.close();
  const reader = open();
  expect(reader.size).toBe(2);
  expect(reader.read(sha256("two"))).toEqual(two);
  expect(reader.read(sha256("three"))).toBeUndefined();
  await reader.close();
  expect(open(featureSettings({ kind: "mfcc", nMfcc: 2, hopLength: 80 })).size).toBe(0);
});

test("hashes are remembered by path and stamp", async () => {
  const first = open();
  first.remember("/a.wav", "stamp", "hash");
  await first.close();
  const second = open();
  expect(second.hashOf("/a.wav", "stamp")).toBe("hash");
  expect(second.hashOf("/a.wav", "other")).toBeUndefined();
  expect(second.hashOf("/b.wav", "stamp")).toBeUndefined();
});

test("a stamp changes with the file, even when size and modification time are put back", async () => {
  const path = join(folder, "a.wav");
  const stamp = async () => stampOf(await stat(path, { bigint: true }));
  await writeFile(path, "one");
  await utimes(path, 1e9, 1e9);
  const before = await stamp();
  expect(await stamp()).toBe(before);
  // The clock that files are stamped with ticks only every few milliseconds.
  await expect
    .poll(async () => {
      await writeFile(path, "two");
      await utimes(path, 1e9, 1e9);
      return stamp();
    })
    .not.toBe(before);
});
