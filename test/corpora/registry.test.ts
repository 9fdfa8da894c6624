import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import type { Clip } from "../../lib/corpora/clip.js";
import {
  applyCalm,
  classesOf,
  contentsOf,
  findCorpora,
  howToGet,
  isSynthetic,
  loadClips,
  parseName,
  publishedClips,
  summarize,
} from "../../lib/corpora/registry.js";
import { needs } from "../needs.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-registry-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function put(...paths: string[]): Promise<void> {
  for (const path of paths) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), "");
  }
}

const CALM = "Ravdess/Actor_01/03-01-02-01-01-01-01.wav";
const NEUTRAL = "Ravdess/Actor_01/03-01-01-01-01-01-01.wav";
const ANGRY = "Ravdess/Actor_02/03-01-05-01-01-01-02.wav";

describe("findCorpora", () => {
  test("finds the four in any layout and at any depth, and nothing else", async () => {
    await put(
      "Kaggle/Crema/1001_DFA_ANG_XX.wav",
      "x/AudioData/KL/su03.wav",
      "x/AudioData/KL/photo.jpg",
      "Tess/OAF_Fear/OAF_back_fear.wav",
      "a/b/c/d/Actor_12/03-01-06-01-02-01-12.wav",
      "a/b/c/d/Actor_12/03-02-06-01-02-01-12.wav",
      "notes.txt",
      "__MACOSX/Crema/1001_DFA_DIS_XX.wav",
      ".cache/1001_DFA_FEA_XX.wav",
      "Kaggle/Crema/._1001_DFA_ANG_XX.wav",
    );
    const found = await findCorpora(root);
    expect(found.map(({ name, clips }) => [name, clips.map(({ id }) => id)])).toEqual([
      ["ravdess", ["ravdess/03-01-06-01-02-01-12"]],
      ["tess", ["tess/OAF_back_fear"]],
      ["savee", ["savee/KL_su03"]],
      ["cremad", ["cremad/1001_DFA_ANG_XX"]],
    ]);
    expect(found.every(({ synthetic, copies }) => !synthetic && copies.length === 0)).toBe(true);
    expect(found[3]!.clips[0]!.path).toBe(join(root, "Kaggle/Crema/1001_DFA_ANG_XX.wav"));
  });

  test("finds the corpora in other languages beside them", async () => {
    await put("urdu/Angry/SM1_F10_A010.wav", "EMOVO/f1/dis-f1-b1.wav", "wav/03a01Fa.wav", "Savee/DC_a01.wav");
    const found = await findCorpora(root);
    expect(found.map(({ name, clips }) => [name, clips.map(({ id }) => id)])).toEqual([
      ["savee", ["savee/DC_a01"]],
      ["emodb", ["emodb/03a01Fa"]],
      ["emovo", ["emovo/dis-f1-b1"]],
      ["urdu", ["urdu/SM1_F10_A010"]],
    ]);
    expect((await loadClips(root, { names: ["emovo"] })).map(({ id }) => id)).toEqual(["emovo/dis-f1-b1"]);
  });

  test("a root that is the speaker's own folder", async () => {
    await put("AudioData/DC/a01.wav");
    const [savee] = await findCorpora(join(root, "AudioData/DC"));
    expect(savee!.clips.map(({ id }) => id)).toEqual(["savee/DC_a01"]);
  });

  test("of two files of one clip the first by path stays, the other is told", async () => {
    await put("Savee/DC_a01.wav", "AudioData/DC/a01.wav", "nested/Savee/DC_a01.wav");
    const [savee] = await findCorpora(root);
    expect(savee!.clips.map(({ path }) => path)).toEqual([join(root, "AudioData/DC/a01.wav")]);
    expect(savee!.copies).toEqual([
      { id: "savee/DC_a01", path: join(root, "Savee/DC_a01.wav") },
      { id: "savee/DC_a01", path: join(root, "nested/Savee/DC_a01.wav") },
    ]);
  });

  test("follows links, and comes to an end where they go in a circle", async () => {
    await put("real/Crema/1001_DFA_ANG_XX.wav");
    await mkdir(join(root, "links"));
    await symlink(join(root, "real"), join(root, "links/corpora"), "junction");
    await symlink(root, join(root, "real/Crema/up"), "junction");
    const [cremad] = await findCorpora(join(root, "links"));
    expect(cremad!.clips).toHaveLength(1);
    expect(cremad!.copies).toEqual([]);
  });

  test("synthetic clips are known by the marker at or above them, also above the root", async () => {
    await put("made/SYNTHETIC.json", "made/Savee/DC_a01.wav");
    for (const folder of ["", "made", "made/Savee"]) {
      const [savee] = await findCorpora(join(root, folder));
      expect(savee).toMatchObject({ synthetic: true, clips: [{ synthetic: true }] });
    }
    expect(isSynthetic(join(root, "made/Savee"))).toBe(true);
    expect(isSynthetic(root)).toBe(false);
  });

  test("recorded and synthetic clips never come together", async () => {
    await put(
      "made/SYNTHETIC.json",
      "made/Savee/DC_a01.wav",
      "made/Crema/1001_DFA_ANG_XX.wav",
      "x/DC_d02.wav",
    );
    const found = await findCorpora(root);
    expect(found.map(({ name, synthetic }) => [name, synthetic])).toEqual([["savee", false]]);
    expect(found[0]!.clips.map(({ id }) => id)).toEqual(["savee/DC_d02"]);
  });

  test("compressed copies of a corpus are its clips, where there is no WAV", async () => {
    await put("AudioMP3/1001_DFA_ANG_XX.mp3", "AudioMP3/1001_IEO_ANG_HI.mp3", "AudioWAV/1001_IEO_ANG_HI.wav");
    await put("x/AudioData/DC/a01.flac", "Ravdess/Actor_01/01-01-02-01-01-01-01.mp4", "1001_DFA_DIS_XX.txt");
    const found = await findCorpora(root);
    expect(found.flatMap(({ clips }) => clips.map(({ id, path }) => [id, path]))).toEqual([
      ["savee/DC_a01", join(root, "x/AudioData/DC/a01.flac")],
      ["cremad/1001_DFA_ANG_XX", join(root, "AudioMP3/1001_DFA_ANG_XX.mp3")],
      ["cremad/1001_IEO_ANG_HI", join(root, "AudioWAV/1001_IEO_ANG_HI.wav")],
    ]);
    expect(found[1]!.copies).toEqual([
      { id: "cremad/1001_IEO_ANG_HI", path: join(root, "AudioMP3/1001_IEO_ANG_HI.mp3") },
    ]);
  });

  test("an empty folder has none", async () => {
    expect(await findCorpora(root)).toEqual([]);
  });

  test("what is wrong with the root is said, and what to do", async () => {
    await put("file");
    const missing = findCorpora(join(root, "nowhere"));
    await expect(missing).rejects.toThrow(UserError);
    await expect(missing).rejects.toThrow(/folder not found: .*nowhere: set --data or SER_DATA/);
    await expect(findCorpora(join(root, "file"))).rejects.toThrow(/file is a file: set --data/);
    await expect(findCorpora(root, { names: ["iemocap"] })).rejects.toThrow(UsageError);
  });

  test("stops when told to", async () => {
    await expect(findCorpora(root, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

test("what a folder without a corpus holds is said", async () => {
  vi.stubEnv("PATH", ""); // without ffmpeg
  expect(await contentsOf(root)).toMatch(/holds no files/);
  await put("README.md");
  expect(await contentsOf(root)).toMatch(/ holds 1 file, none of them sound: README\.md$/);
  await put("x/memo.m4a");
  expect(await contentsOf(root)).toMatch(
    / holds 1 file of kinds that are not read: x\/memo\.m4a; install ffmpeg/,
  );
  await put("b.wav", "x/a.wave", ".git/c.wav");
  expect(await contentsOf(root)).toMatch(
    / holds 2 sound files whose names are no corpus's: b\.wav, x\/a\.wave; .*manifest/,
  );
  vi.unstubAllEnvs();
});

describe("loadClips", () => {
  test("merges, drops or keeps calm", async () => {
    await put(CALM, NEUTRAL, ANGRY);
    const seen = async (calm?: "merge" | "drop" | "keep") =>
      (await loadClips(root, { calm })).map(({ emotion, label }) => [emotion, label]);
    const others = [
      ["neutral", "neutral"],
      ["anger", "angry"],
    ];
    expect(await seen()).toEqual([others[0], ["neutral", "calm"], others[1]]);
    expect(await seen("drop")).toEqual(others);
    expect(await seen("keep")).toEqual([others[0], ["calm", "calm"], others[1]]);
  });

  test("names the corpus that was asked for and is not there", async () => {
    await put(CALM);
    await expect(loadClips(root, { names: ["ravdess", "tess"] })).rejects.toThrow(
      /^tess not found under .*ser data download/,
    );
    await expect(loadClips(root, { names: ["emodb"] })).rejects.toThrow(
      /^emodb not found under .* or get EMO-DB from http:\/\/emodb\.bilderbar\.info/,
    );
    expect(await loadClips(root, { names: ["ravdess"] })).toHaveLength(1);
  });
});

const clip = (emotion: Clip["emotion"]): Clip => ({
  ...parseName("DC_a01.wav")!,
  emotion,
  path: "",
  synthetic: false,
});

test("applyCalm leaves what it is given as it was", () => {
  const calm: Clip = { ...clip("calm"), corpus: "ravdess" };
  expect(applyCalm([calm])[0]!.emotion).toBe("neutral");
  // A label of one's own corpus is a label like any other.
  expect(applyCalm([{ ...calm, corpus: "own" }], "drop")[0]!.emotion).toBe("calm");
  expect(calm.emotion).toBe("calm");
});

test("classesOf has the order of every table, calm last", () => {
  expect(classesOf([clip("calm"), clip("neutral"), clip("anger"), clip("neutral")])).toEqual([
    "anger",
    "neutral",
    "calm",
  ]);
});

test("summarize counts every emotion, also those that do not occur", () => {
  const corpus = { name: "savee", synthetic: false, copies: [], clips: [clip("fear"), clip("fear")] };
  expect(summarize(corpus)).toEqual({
    classes: ["fear"],
    name: "savee",
    synthetic: false,
    clips: 2,
    speakers: 1,
    emotions: { anger: 0, disgust: 0, fear: 2, happiness: 0, sadness: 0, surprise: 0, neutral: 0, calm: 0 },
  });
});

describe("the real corpora", needs("corpora"), () => {
  test("have the published numbers of clips and speakers", async () => {
    const found = await findCorpora(process.env.SER_DATA!);
    expect(found.map(summarize).map(({ name, clips, speakers }) => [name, clips, speakers])).toEqual([
      ["ravdess", 1440, 24],
      ["tess", 2800, 2],
      ["savee", 480, 4],
      ["cremad", 7442, 91],
    ]);
  });

  test("have the published number of each emotion, calm merged", async () => {
    const clips = await loadClips(process.env.SER_DATA!);
    const count = (emotion: string) => clips.filter((one) => one.emotion === emotion).length;
    expect(classesOf(clips).map(count)).toEqual([1923, 1923, 1923, 1923, 1923, 652, 1895]);
  });
});

test("all published clips are known by their names: 1440, 2800, 480 and 7442", () => {
  const clips = publishedClips();
  expect(clips.length).toBe(1440 + 2800 + 480 + 7442);
  expect(new Set(clips.map(({ id }) => id)).size).toBe(clips.length);
  expect(clips.find(({ id }) => id === "ravdess/03-01-06-01-02-01-12")).toMatchObject({
    ...{ corpus: "ravdess", speaker: "12", sex: "female", emotion: "fear" },
  });
});

test("published clips of the corpora that are asked for, unknown ones have none", () => {
  expect(publishedClips(["urdu", "own", "emodb"]).length).toBe(535 + 400);
  expect(classesOf(publishedClips(["emodb"])).at(-1)).toBe("boredom");
});

test("how to get what is not there", () => {
  expect(howToGet(["savee"])).toBe('get it with "ser data download"');
  expect(howToGet(["urdu", "tess", "savee"])).toBe(
    'get them with "ser data download", get URDU from https://github.com/siddiquelatif/URDU-Dataset',
  );
});
