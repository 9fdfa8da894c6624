import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, wavName } from "./corpus.js";
import { CREMAD_ACTORS } from "./cremad-actors.js";

const EMOTION = {
  ANG: "anger",
  DIS: "disgust",
  FEA: "fear",
  HAP: "happiness",
  NEU: "neutral",
  SAD: "sadness",
} as const;

const INTENSITY = { LO: "low", MD: "medium", HI: "high", XX: undefined } as const;

const SENTENCE = {
  DFA: "Don't forget a jacket",
  IEO: "It's eleven o'clock",
  IOM: "I'm on my way to the meeting",
  ITH: "I think I have a doctor's appointment",
  ITS: "I think I've seen this before",
  IWL: "I would like a new alarm clock",
  IWW: "I wonder what this is about",
  MTI: "Maybe tomorrow it will be cold",
  TAI: "The airplane is almost full",
  TIE: "That is exactly what happened",
  TSI: "The surface is slick",
  WSI: "We'll stop in a couple of minutes",
} as const;

/** Clips that were never published: three actors lack a sentence entirely, two lack one in neutral. */
const UNPUBLISHED = /^(1008_WSI|1009_MTI|1019_ITH|1002_TIE_NEU|1076_ITS_NEU)_/;

const ACTORS = new Map(CREMAD_ACTORS.map((actor) => [actor.speaker, actor]));

/** Actor, sentence, emotion, intensity. Some copies have one name without its last X: `1040_ITH_SAD_X.wav`. */
const NAME = /^(\d{4})_([A-Z]{3})_(ANG|DIS|FEA|HAP|NEU|SAD)_(LO|MD|HI|XX?)$/;

/** CREMA-D: `AudioWAV/1001_IEO_ANG_HI.wav`. */
export const cremad: CorpusDefinition = {
  name: "cremad",
  title: "CREMA-D",
  description:
    "91 actors (43 women, 48 men) of 20 to 74 years and many origins, American English, twelve sentences in " +
    "six emotions (no surprise), one of them at three intensities: 7442 clips.",
  language: "English",
  accent: "North American",
  homepage: "https://github.com/CheyneyComputerScience/CREMA-D",
  licence: "ODbL 1.0, contents DbCL 1.0",
  citation: `@article{cao2014cremad,
  author  = {Cao, Houwei and Cooper, David G. and Keutmann, Michael K. and Gur, Ruben C. and Nenkova, Ani and Verma, Ragini},
  title   = {{CREMA-D}: Crowd-Sourced Emotional Multimodal Actors Dataset},
  journal = {IEEE Transactions on Affective Computing},
  volume  = {5},
  number  = {4},
  pages   = {377--390},
  year    = {2014},
  doi     = {10.1109/TAFFC.2014.2336244}
}`,
  sampleRate: 16000,
  clipCount: 7442,
  speakers: CREMAD_ACTORS.map(({ speaker }) => speaker),
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const [, speaker, sentenceId, label, level] = match as string[];
  const actor = ACTORS.get(speaker);
  if (!actor || !Object.hasOwn(SENTENCE, sentenceId)) return undefined;
  const intensity = level === "X" ? "XX" : level;
  return {
    id: `cremad/${speaker}_${sentenceId}_${label}_${intensity}`,
    corpus: "cremad",
    speaker,
    sex: actor.sex,
    age: actor.age,
    emotion: EMOTION[label as keyof typeof EMOTION],
    label,
    intensity: INTENSITY[intensity as keyof typeof INTENSITY],
    sentence: SENTENCE[sentenceId as keyof typeof SENTENCE],
    sentenceId,
  };
}

function expectedIds(): string[] {
  const ids: string[] = [];
  for (const speaker of cremad.speakers) {
    for (const sentence of Object.keys(SENTENCE)) {
      for (const emotion of Object.keys(EMOTION)) {
        const levels = sentence === "IEO" && emotion !== "NEU" ? ["HI", "LO", "MD"] : ["XX"];
        ids.push(...levels.map((level) => `${speaker}_${sentence}_${emotion}_${level}`));
      }
    }
  }
  return ids
    .filter((name) => !UNPUBLISHED.test(name))
    .map((name) => `cremad/${name}`)
    .sort(byText);
}
