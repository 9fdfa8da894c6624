import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { labelsFrom } from "../../lib/corpora/labels.js";
import { readManifest } from "../../lib/corpora/manifest.js";
import { besideSounds, manifestOf, type WriteManifestOptions } from "../../lib/corpora/write-manifest.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-write-manifest-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function files(...names: string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), "");
  }
}

const made = (pattern: string, options: WriteManifestOptions = {}, out = besideSounds(folder)) =>
  manifestOf(folder, pattern, out, options);

test("what was made is read back", async () => {
  await files(
    "anna/s1_happy_2.wav",
    "anna/s2_Boredom_1.flac",
    "ben, jr/s1_sad_1.WAV",
    "notes.txt",
    ".x/s1_sad_1.wav",
  );
  const { text, clips, unmatched, unknown } = await made("{speaker}/{sentence}_{emotion}_{repetition}.*", {
    corpus: "Lab",
  });
  expect([clips, unmatched, unknown]).toEqual([3, [], [["Boredom", 1]]]);
  await writeFile(besideSounds(folder), text);
  expect(await readManifest(besideSounds(folder))).toMatchObject([
    { id: "lab/anna/s1_happy_2", speaker: "anna", emotion: "happiness", sentenceId: "s1", repetition: 2 },
    { id: "lab/anna/s2_Boredom_1", emotion: "boredom", path: join(folder, "anna", "s2_Boredom_1.flac") },
    { id: "lab/ben, jr/s1_sad_1", speaker: "ben, jr" },
  ]);
});

test("a mapping keeps the label as it was, and leaves out what it drops", async () => {
  await files("1_W.wav", "1_L.wav", "1_N.wav", "1_X.wav");
  const { text, clips, unknown, notes } = await made("{speaker}_{emotion}.wav", {
    labels: labelsFrom(["W=anger", "L=drop", "N=neutral"]),
  });
  expect(text).toBe(
    "id,path,speaker,emotion,label\n1_N,1_N.wav,1,neutral,N\n1_W,1_W.wav,1,anger,W\n1_X,1_X.wav,1,X,\n",
  );
  expect([clips, unknown, notes]).toEqual([3, [["X", 1]], ["1 clip dropped by --map"]]);
  await expect(
    made("{speaker}_{emotion}.wav", { labels: labelsFrom(["W=drop", "L=drop", "N=drop", "X=drop"]) }),
  ).rejects.toThrow(/drops all 4 clips/);
});

test("files that do not fit are listed; with none that fits, names and pattern are shown", async () => {
  await files("a_sad.wav", "b.wav", "c/d.wav", "e.wav");
  expect((await made("{speaker}_{emotion}.wav")).unmatched).toEqual(["b.wav", "c/d.wav", "e.wav"]);
  await expect(made("{speaker}+{emotion}.wav")).rejects.toThrow(
    /none of the 4 sound files under .* matches the pattern \{speaker\}\+\{emotion\}\.wav; .*:\n {2}a_sad\.wav\n {2}b\.wav\n {2}c\/d\.wav$/,
  );
  await expect(manifestOf(join(folder, "c", "none"), "{speaker}_{emotion}.wav", "x.csv")).rejects.toThrow(
    /cannot read the folder/,
  );
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await expect(made("{speaker}_{emotion}.wav")).rejects.toThrow(/contains no sound files/);
});

test("cells that a manifest would refuse are left empty and told", async () => {
  await files("1001_DFA_ANG_XX.wav", "1001_DFA_SAD_HI.wav");
  const { text, notes } = await made("{speaker}_{sentence}_{emotion}_{intensity}.wav");
  expect(text.split("\n").slice(1, 3)).toEqual([
    "1001_DFA_ANG_XX,1001_DFA_ANG_XX.wav,1001,ANG,,DFA",
    "1001_DFA_SAD_HI,1001_DFA_SAD_HI.wav,1001,SAD,HI,DFA",
  ]);
  expect(notes).toEqual(["intensity left empty for 1 clip: not valid are XX"]);
});

test("ids: the place without the ending, with it where two would be the same; {id} must be unique", async () => {
  await files("a/s_sad_1.wav", "a/s_sad_1.flac", "b/s_sad_1.wav");
  const ids = ({ text }: { text: string }) =>
    text
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split(",")[0]);
  expect(ids(await made("{speaker}_{emotion}_{n}.*"))).toEqual([
    "a/s_sad_1.flac",
    "a/s_sad_1.wav",
    "b/s_sad_1",
  ]);
  expect(ids(await made("{corpus}/{speaker}_{emotion}_{n}.wav"))).toEqual(["a/s_sad_1", "b/s_sad_1"]);
  await expect(made("{speaker}_{emotion}_{id}.wav")).rejects.toThrow(
    /a\/s_sad_1\.wav and b\/s_sad_1\.wav have the same id, 1/,
  );
});

test("paths are relative to where the table will be; a corpus is not called as one of the library's", async () => {
  await files("wav/s_sad.wav");
  const { text } = await made("{speaker}_{emotion}.wav", {}, join(folder, "tables", "clips.csv"));
  expect(text).toContain(",../wav/s_sad.wav,");
  await expect(made("{speaker}_{emotion}.wav", { corpus: "savee" })).rejects.toThrow(
    /"savee" is not allowed as the name/,
  );
});
