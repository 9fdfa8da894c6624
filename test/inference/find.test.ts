import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { findModel, findWeights, isShipped } from "../../lib/inference/find.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-find-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes a folder that looks like a model's, written so many seconds after 1970. */
async function model(path: string, time: number): Promise<string> {
  const folder = join(root, path);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "card.json"), "{}");
  await utimes(join(folder, "card.json"), time, time);
  return folder;
}

test("the shipped model comes first, else the newest of all runs, experiments and the demo", async () => {
  await expect(findModel(undefined, [root])).rejects.toThrow(
    /no trained model found: `npm start` or `ser train`/,
  );
  const demo = await model("results/demo/model", 10);
  expect(await findModel(undefined, [root])).toBe(demo);
  const run = await model("results/runs/a-cnn-1/model", 20);
  await model("results/runs/grid/a-cnn-2/model", 15);
  expect(await findModel(undefined, [root])).toBe(run);
  const inExperiment = await model("results/runs/grid/a-cnn-3/model", 30);
  expect(await findModel(undefined, [root])).toBe(inExperiment);
  const shipped = await model("results/model", 1);
  expect(await findModel(undefined, [root])).toBe(shipped);
  expect([shipped, run, demo].map(isShipped)).toEqual([true, false, false]);
  expect(["results/model", "results/model/", "model", "my-results/model"].map(isShipped)).toEqual([
    ...[true, true, false, false],
  ]);
});

test("a model is named by its folder, its run's folder or its run's name", async () => {
  const folder = await model("results/runs/grid/a-cnn-2/model", 15);
  // By its name under one of the roots, as the released model of an installed package.
  expect(await findModel(relative(root, folder), [root])).toBe(folder);
  expect(await findModel(folder, [root])).toBe(folder);
  expect(await findModel(join(folder, ".."), [root])).toBe(folder);
  expect(await findModel("a-cnn-2", [root])).toBe(folder);
  await expect(findModel("a-cnn-9", [root])).rejects.toThrow(
    /^a-cnn-9: folder not found, and no run has that name/,
  );
  await expect(findModel(root, [root])).rejects.toThrow(/holds no model \(no card.json\)/);
});

test("a model is found by its weights, wherever it is", async () => {
  const runs = [
    await model("results/runs/a-cnn-1/model", 20),
    await model("results/runs/grid/a-cnn-2/model", 15),
    await model("results/model", 1),
  ];
  for (const [i, folder] of runs.slice(0, 2).entries())
    await writeFile(join(folder, "weights.bin"), `weights ${i}`);
  for (const [i, folder] of runs.slice(0, 2).entries())
    expect(await findWeights(sha256(`weights ${i}`), [root])).toBe(folder);
  await expect(findWeights("0123456789abcdef".repeat(4), [root])).rejects.toThrow(
    "no model here has the weights 0123456789ab: name its folder with `ser train --from`",
  );
});
