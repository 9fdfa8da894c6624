import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, wavName } from "./corpus.js";

const EMOTION = { A: "anger", H: "happiness", N: "neutral", S: "sadness" } as const;

/**
 * Number of clips per speaker and emotion, in the order of the clips' numbers from 1 to 100. Speakers keep their number in all
 * emotions; only SM3, SM5 and SM6 occur in more than one.
 */
const PUBLISHED: Readonly<Record<keyof typeof EMOTION, string>> = {
  A: "SM1 22, SM2 28, SM3 2, SM4 48",
  H:
    "SF1 12, SF2 2, SF3 2, SF4 4, SF5 4, SF6 14, SF7 6, SF8 2, SM17 2, SM18 2, SM19 2, SM3 2, SM5 8, SM6 10, " +
    "SM7 28",
  N: "SF9 4, SM20 10, SM21 4, SM22 2, SM3 8, SM5 72",
  S: "SF10 2, SF11 4, SM23 6, SM24 38, SM25 40, SM26 2, SM27 4, SM6 4",
};

/** The clips of each emotion, in order, with the speaker and the speaker's own number of the clip. */
const CLIPS = Object.entries(PUBLISHED).map(([label, runs]) => ({
  label,
  clips: runs.split(", ").flatMap((run) => {
    const [speaker, count] = run.split(" ") as [string, string];
    return Array.from({ length: Number(count) }, (_, i) => ({ speaker, file: i + 1 }));
  }),
}));

const SPEAKERS = [...new Set(CLIPS.flatMap(({ clips }) => clips.map(({ speaker }) => speaker)))].sort(byText);

const KNOWN = new Set(SPEAKERS);

/**
 * Sex and speaker, the speaker's own number of the clip in the emotion, the emotion, and the clip's number in it:
 * `SM1_F10_A010`. The last number always has a leading zero; the corpus's home page omits it and writes `F01`.
 */
const NAME = /^(S([FM])\d{1,2})_F0?([1-9]\d?)_([AHNS])0{0,2}([1-9]\d?|100)$/;

/** Urdu: `Angry/SM1_F10_A010.wav`. The file name contains everything; folders are not read. */
export const urdu: CorpusDefinition = {
  name: "urdu",
  title: "URDU",
  description:
    "Spontaneous Urdu from television talk shows in anger, happiness, neutral and sadness, a hundred each: 400 clips. " +
    "38 speakers are reported, the names say 29 (11 women, 18 men), 26 of whom are heard in one emotion only.",
  language: "Urdu",
  homepage: "https://github.com/siddiquelatif/URDU-Dataset",
  licence: "research only",
  citation: `@inproceedings{latif2018urdu,
  author    = {Latif, Siddique and Qayyum, Adnan and Usman, Muhammad and Qadir, Junaid},
  title     = {Cross Lingual Speech Emotion Recognition: {Urdu} vs. {Western} Languages},
  booktitle = {Proc. Int. Conf. on Frontiers of Information Technology (FIT)},
  address   = {Islamabad, Pakistan},
  pages     = {88--93},
  year      = {2018},
  doi       = {10.1109/FIT.2018.00023}
}`,
  clipCount: 400,
  speakers: SPEAKERS,
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const [, speaker, sex, file, label, number] = match as string[];
  if (!KNOWN.has(speaker)) return undefined;
  return {
    id: idOf(speaker, file, label, number),
    corpus: "urdu",
    speaker,
    sex: sex === "F" ? "female" : "male",
    emotion: EMOTION[label as keyof typeof EMOTION],
    label,
  };
}

function idOf(speaker: string, file: string | number, label: string, number: string | number): string {
  return `urdu/${speaker}_F${file}_${label}0${number}`;
}

function expectedIds(): string[] {
  const ids = CLIPS.flatMap(({ label, clips }) =>
    clips.map(({ speaker, file }, i) => idOf(speaker, file, label, i + 1)),
  );
  return ids.sort(byText);
}
