import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import type { ModelCard } from "../../lib/inference/card.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { heardBy } from "../../lib/runs/heard.js";
import { partsDigest } from "../../lib/runs/record.js";
import { saveExample } from "../inference/example.js";
import { CLIPS, ownClip } from "../protocols/published.js";

let folder: string;
let card: ModelCard;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-heard-"));
  card = await saveExample(join(folder, "model"), {
    ...{ corpora: ["savee"], protocol: "savee/loso@1", fold: "1" },
    clips: partsDigest(loso.folds[0]!, loso.clips),
  });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const loso = protocolNamed("savee/loso").plan(CLIPS);
// Fold 1 tests JE, validates by JK and trains on DC and KL.
const clips = ["DC_a01", "JK_a01", "JE_a01"].map((name) => CLIPS.find(({ id }) => id === `savee/${name}`)!);
const partsOf = async (own: ModelCard, some = clips) => {
  const heard = await heardBy(own, some);
  return heard && some.map(({ id }) => heard.parts.get(id));
};

test("by the fields of a card; nothing is known of an older one", async () => {
  expect(await partsOf(card)).toEqual(["train", "validation", "test"]);
  const { protocol: _, fold: __, clips: ___, ...old } = card;
  expect(await partsOf(old)).toBeUndefined();
  expect(await partsOf({ ...card, protocol: "savee/loso@9" })).toBeUndefined();
});

test("under another name, by what the file is called; under no known name, by equal samples", async () => {
  const renamed = ownClip("x", "s", { path: "/somewhere/KL_a05.wav" });
  expect(await partsOf(card, [renamed])).toEqual(["train"]);
  const samples = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i));
  const [mine, theirs] = [join(folder, "mine.wav"), join(folder, "theirs.wav")];
  for (const path of [mine, theirs]) await writeWav(path, samples, 16_000);
  const strange = ownClip("y", "s", { path: mine });
  expect(await partsOf(card, [strange])).toEqual([undefined]);
  const reference = async () => [{ ...clips[0]!, path: theirs }];
  expect((await heardBy(card, [strange], reference))!.parts.get("own/y")).toBe("train");
  // A segment of it was heard as well; and where there is nothing to compare with, that is told.
  const segment = { ...strange, start: 0, end: 0.01 };
  expect((await heardBy(card, [segment], reference))!.parts.get("own/y")).toBe("train");
  expect((await heardBy(card, [strange]))!.notCompared).toBe(1);
  expect((await heardBy(card, [strange], reference))!.notCompared).toBe(0);
});

test("clips of one's own, where all of them are there, and not where they are others", async () => {
  const own = ["a", "b", "c"].map((speaker) => ownClip(speaker, speaker));
  const plan = protocolNamed("grouped/own?folds=3").plan(own);
  const mine = {
    ...{ ...card, corpora: ["own"], protocol: plan.protocol, fold: "1" },
    clips: partsDigest(plan.folds[0]!, plan.clips),
  };
  expect((await partsOf(mine, own))!.sort()).toEqual(["test", "train", "validation"]);
  expect(await partsOf(mine, [...own, ownClip("d", "d")])).toBeUndefined();
});

test("a file that cannot be read is recognised as none", async () => {
  await writeFile(join(folder, "text.wav"), "no sound");
  const clip = ownClip("z", "s", { path: join(folder, "nowhere.wav") });
  expect(await partsOf(card, [clip])).toEqual([undefined]);
});
