import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, folderName, numbers, wavName } from "./corpus.js";

const EMOTION = {
  a: "anger",
  d: "disgust",
  f: "fear",
  h: "happiness",
  n: "neutral",
  sa: "sadness",
  su: "surprise",
} as const;

/** Which sentences the neutral numbers 19 to 30 repeat: numbers 04 and 05 of each emotion. */
const AGAIN_IN_NEUTRAL = [
  "a04",
  "a05",
  "d04",
  "d05",
  "f04",
  "f05",
  "su04",
  "su05",
  "sa04",
  "sa05",
  "h04",
  "h05",
];

/** `sa` and `su` before the one-letter codes; neutral has 30 numbers, the others 15. */
const NAME = /^(DC|JE|JK|KL)_((sa|su|a|d|f|h)(0[1-9]|1[0-5])|(n)(0[1-9]|[12]\d|30))$/;

/** SAVEE: `AudioData/DC/a01.wav` as published, or `DC_a01.wav` as on Kaggle. */
export const savee: CorpusDefinition = {
  name: "savee",
  title: "SAVEE",
  description:
    "Four men from the University of Surrey, British English, 15 TIMIT sentences in each of six emotions and " +
    "30 in neutral: 480 clips.",
  language: "English",
  accent: "British",
  homepage: "http://kahlan.eps.surrey.ac.uk/savee/",
  licence: "free for research, on registration",
  citation: `@inproceedings{haq2009savee,
  author    = {Haq, Sanaul and Jackson, Philip J. B.},
  title     = {Speaker-dependent audio-visual emotion recognition},
  booktitle = {Proc. Int. Conf. on Auditory-Visual Speech Processing (AVSP)},
  address   = {Norwich, UK},
  pages     = {53--58},
  year      = {2009}
}`,
  sampleRate: 44100,
  clipCount: 480,
  speakers: ["DC", "JE", "JK", "KL"],
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const name = wavName(path) ?? "";
  const match = NAME.exec(name) ?? NAME.exec(`${folderName(path)}_${name}`);
  if (!match) return undefined;
  const [full, speaker, code] = match;
  const label = (match[3] ?? match[5]) as keyof typeof EMOTION;
  const number = match[4] ?? match[6];
  const { sentenceId, repetition } = sentenceOf(label, number);
  return {
    id: `savee/${full}`,
    corpus: "savee",
    speaker,
    sex: "male",
    emotion: EMOTION[label],
    label,
    sentenceId: sentenceId ?? code,
    repetition,
  };
}

/**
 * The sentence of a clip. Numbers 01 to 03 are the same three sentences in every emotion, 04 and 05 are specific to the
 * emotion, the rest are generic ones of that emotion. The neutral numbers 16 to 30 repeat the three common sentences
 * and then the two of each emotion, in the order anger, disgust, fear, surprise, sadness, happiness. Only the counts are
 * published (Haq and Jackson 2009). Which number has which sentence was found by aligning each speaker's recordings with one
 * another (dynamic time warping of MFCC; the mean distance over the four speakers is at most 3.02 for pairs of the same
 * sentence, at least 3.12 for pairs of different ones).
 */
function sentenceOf(label: string, number: string): { sentenceId?: string; repetition?: number } {
  const n = Number(number);
  if (label !== "n") return n <= 3 ? { sentenceId: number } : {};
  if (n <= 3) return { sentenceId: number, repetition: 1 };
  if (n <= 15) return {};
  if (n <= 18) return { sentenceId: `0${n - 15}`, repetition: 2 };
  return { sentenceId: AGAIN_IN_NEUTRAL[n - 19] };
}

function expectedIds(): string[] {
  const ids = savee.speakers.flatMap((speaker) =>
    Object.keys(EMOTION).flatMap((label) =>
      numbers(1, label === "n" ? 30 : 15).map((number) => `savee/${speaker}_${label}${number}`),
    ),
  );
  return ids.sort(byText);
}
