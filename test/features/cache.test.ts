import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { fromRows } from "../../lib/base/matrix.js";
import { FeatureCache } from "../../lib/features/cache.js";
import { encoderSettings, featureSettings } from "../../lib/features/settings.js";

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
  writer.close();
  const reader = open();
  expect(reader.size).toBe(2);
  expect(reader.read(sha256("two"))).toEqual(two);
  expect(reader.read(sha256("three"))).toBeUndefined();
  reader.close();
  expect(open(featureSettings({ kind: "mfcc", nMfcc: 2, hopLength: 80 })).size).toBe(0);
});

test("what an encoder gave on another engine is not read", async () => {
  const info = { digest: "a".repeat(64), width: 1, blocks: 1, family: "whisper" as const };
  const own = encoderSettings(info, { layer: "all" });
  const native = new FeatureCache(folder, own, fail, "native");
  await native.add(sha256("one"), fromRows([[1, 2]]));
  native.close();
  const reopened = new FeatureCache(folder, own, fail);
  const wasm = new FeatureCache(folder, own, fail, "wasm");
  expect([reopened.size, wasm.size]).toEqual([1, 0]);
  const later = reopened.later(sha256("one"))!;
  reopened.close();
  expect(later()).toEqual(fromRows([[1, 2]]));
  expect(wasm.later(sha256("one"))).toBeUndefined();
});
