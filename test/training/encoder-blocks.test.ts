import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addEncoder, readEncoder } from "../../lib/encoders/store.js";
import { encoderSettings } from "../../lib/features/settings.js";
import { topBlocks } from "../../lib/models/top-blocks.js";
import { beginWithBlocks } from "../../lib/training/encoder-blocks.js";
import { configOf, FIXTURE, huggingFaceParts, SMALL, writeHuggingFace } from "../encoders/files.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "blocks-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test("blocks begin with the encoder's weights above the layer of the features", async () => {
  const sizes = { ...SMALL, blocks: 3, width: 64, heads: 1, hidden: 256 };
  await writeHuggingFace(join(folder, "hf"), huggingFaceParts(sizes), configOf(sizes));
  const info = await addEncoder(join(folder, "hf"), { name: "mine" });
  const features = encoderSettings(info, { layer: 1, pooling: "frames" });
  const network = await topBlocks({ frames: 8, bands: 64, classes: 3, seed: 1 });
  const before = network.weights.at(-2)!.read().dataSync();
  await beginWithBlocks(network, features);
  const { tensors } = await readEncoder(info.digest);
  for (const { originalName } of network.weights.filter(({ originalName: name }) =>
    name.startsWith("block"),
  )) {
    const own = network.weights
      .find((weight) => weight.originalName === originalName)!
      .read()
      .dataSync();
    const theirs = originalName.replace(/^block(\d)/, (_, i) => `block${Number(i) + 1}`);
    expect([originalName, own]).toEqual([originalName, tensors.get(theirs)!.data]);
  }
  expect(network.weights.at(-2)!.read().dataSync()).toEqual(before);
});

test("an encoder of other sizes is refused", async () => {
  const info = await addEncoder(FIXTURE, { name: "fixture" });
  const network = await topBlocks({ frames: 8, bands: 24, classes: 3, seed: 1 });
  const features = encoderSettings(info, { layer: 0, pooling: "frames" });
  await expect(beginWithBlocks(network, features)).rejects.toThrow(/fixture has 3 heads and 32 hidden units/);
});
