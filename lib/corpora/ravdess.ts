import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, numbers, wavName } from "./corpus.js";

const EMOTION = {
  "01": ["neutral", "neutral"],
  "02": ["calm", "calm"],
  "03": ["happiness", "happy"],
  "04": ["sadness", "sad"],
  "05": ["anger", "angry"],
  "06": ["fear", "fearful"],
  "07": ["disgust", "disgust"],
  "08": ["surprise", "surprised"],
} as const;

const INTENSITY = { "01": "normal", "02": "strong" } as const;

const SENTENCE = { "01": "Kids are talking by the door", "02": "Dogs are sitting by the door" } as const;

/** Modality 03 (audio only), channel 01 (speech), emotion, intensity, statement, repetition, actor. */
const NAME = /^(03-01-(0[1-8])-(0[12])-(0[12])-(0[12])-(0[1-9]|1\d|2[0-4]))$/;

/** RAVDESS, the speech part: `Actor_12/03-01-06-01-02-01-12.wav`. Song and video files are not clips. */
export const ravdess: CorpusDefinition = {
  name: "ravdess",
  title: "RAVDESS",
  description:
    "24 professional actors (12 women, 12 men), North American English, two sentences said twice in eight " +
    "emotions at two intensities (neutral at one): 1440 clips of speech.",
  language: "English",
  accent: "North American",
  homepage: "https://zenodo.org/records/1188976",
  licence: "CC BY-NC-SA 4.0",
  citation: `@article{livingstone2018ravdess,
  author  = {Livingstone, Steven R. and Russo, Frank A.},
  title   = {The {Ryerson} Audio-Visual Database of Emotional Speech and Song ({RAVDESS}): A dynamic, multimodal set of facial and vocal expressions in {North American English}},
  journal = {PLOS ONE},
  volume  = {13},
  number  = {5},
  pages   = {e0196391},
  year    = {2018},
  doi     = {10.1371/journal.pone.0196391}
}`,
  sampleRate: 48000,
  clipCount: 1440,
  speakers: numbers(1, 24),
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const [, name, emotionCode, intensityCode, sentenceId, repetition, actor] = match as string[];
  const [emotion, label] = EMOTION[emotionCode as keyof typeof EMOTION];
  const intensity = INTENSITY[intensityCode as keyof typeof INTENSITY];
  if (emotion === "neutral" && intensity === "strong") return undefined;
  return {
    id: `ravdess/${name}`,
    corpus: "ravdess",
    speaker: actor,
    sex: Number(actor) % 2 === 0 ? "female" : "male",
    emotion,
    label,
    intensity,
    sentence: SENTENCE[sentenceId as keyof typeof SENTENCE],
    sentenceId,
    repetition: Number(repetition),
  };
}

function expectedIds(): string[] {
  const ids: string[] = [];
  for (const emotion of Object.keys(EMOTION)) {
    for (const intensity of emotion === "01" ? ["01"] : ["01", "02"]) {
      for (const sentence of ["01", "02"]) {
        for (const repetition of ["01", "02"]) {
          for (const actor of ravdess.speakers) {
            ids.push(`ravdess/03-01-${emotion}-${intensity}-${sentence}-${repetition}-${actor}`);
          }
        }
      }
    }
  }
  return ids.sort(byText);
}
