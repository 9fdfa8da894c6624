import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, wavName } from "./corpus.js";

/** Initials of the German words: Wut (Ärger), Langeweile, Ekel, Angst, Freude, Trauer. */
const EMOTION = {
  W: "anger",
  L: "boredom",
  E: "disgust",
  A: "fear",
  F: "happiness",
  T: "sadness",
  N: "neutral",
} as const;

const SENTENCE = {
  a01: "Der Lappen liegt auf dem Eisschrank.",
  a02: "Das will sie am Mittwoch abgeben.",
  a04: "Heute abend könnte ich es ihm sagen.",
  a05: "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
  a07: "In sieben Stunden wird es soweit sein.",
  b01: "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
  b02: "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
  b03: "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
  b09: "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
  b10: "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
} as const;

/** Ages in years. */
const SPEAKERS: readonly { speaker: string; sex: "female" | "male"; age: number }[] = [
  { speaker: "03", sex: "male", age: 31 },
  { speaker: "08", sex: "female", age: 34 },
  { speaker: "09", sex: "female", age: 21 },
  { speaker: "10", sex: "male", age: 32 },
  { speaker: "11", sex: "male", age: 26 },
  { speaker: "12", sex: "male", age: 30 },
  { speaker: "13", sex: "female", age: 32 },
  { speaker: "14", sex: "female", age: 35 },
  { speaker: "15", sex: "male", age: 25 },
  { speaker: "16", sex: "female", age: 31 },
];

const SPEAKER = new Map(SPEAKERS.map((one) => [one.speaker, one]));

/**
 * The published clips: those of about 800 recordings that listeners recognised. One line per speaker, one word per sentence in
 * the order of {@link SENTENCE}: emotion and version of each clip.
 */
const PUBLISHED: Readonly<Record<string, string>> = {
  "03": "FaNcWa FcNcTaWbWc AdFdLcNcTaWc AaFcNdTcWaWb FaFbLaNcWc FaLbNbTdWaWc AaLaNaTbWb NbTcWc LaNcTcWa AbEcNaNcWbWc",
  "08": "AbFdLcNaWaWc AbAcFeLaNaTbWc FfLaNcTbWc FeLcNbTaWa FdLaNaTaTbWc AaFdFeLbNaWa FfLaNbTcWd FeLcNbTcWd AbFdLcNbTbWaWc AaFdLaNcTcWa",
  "09": "EaFaNbWb EaEbLaWb FdLaNbWa EdLcNbTbWbWc EbNaTaWbWd EaNaWb NaTbWcWd EdFaFdLbNbTaWb EaNdWa AaNdWa",
  "10": "AcNbWa AbFaLbNaWa FdNbWaWb AaLdTbWb AaAdLaTaWb AaEaFaLb AaLaNaWb LaTbWb AdLbWb FcLcWa",
  "11": "AaAbLdNdWc EcFbLdNcTcWc AcFdNdWc AdFbFcLcNaTdWd AcLdTaWc AbEbFcLbNcWd AbFdNaTdWb FcLcNbTdWaWb AdFdLdNaTdWa AdAeLdNcTdWa",
  "12": "FbLbNbWc AcEcNbWaWc Wc AbLbNdTaWb AcLaWa TaWa AdEaFbNaWaWbWd LaTa AcTdWc AcLdWa",
  "13": "AcEaEcFdLbNbWb AdEcFaLcNcTaWa AcFcLbTaWc AaEaLcNbTcWaWc FdLbNaTcWb AbEcFcLdNcWa FbLcNbWa AcEdFdLbNaTdWc AbEcFbFcLaNaWa EcFaLaNcWaWc",
  "14": "AaAcEaNaWaWc AbEaFdLaNcTbWaWc AaEdLbTbTcWbWc AaAcFaFbLbNaTaTcWaWb AaEbFdLcLdNaTcWc AcEbFaFcNaWc AaFbNaTcWbWd AdEdLbTaWb AcEaFcLbTdWaWc AdEbLbNbTcWc",
  "15": "EaFbLaNbWa AcEaLaNaTaWbWd AbAcFdNcWaWb EbFbLbNaWa AcEbFaFbLdNc EcLbNaWc AaLbNdTcWaWc AaLcNbTcWaWb AcFaLaNbTaWb AcLcNbNcWa",
  "16": "EcFcLbNcTbWb EaEcLbNbTcWb AbEaFaLaLcNcTcWbWc AbEaFcLaTbWbWc EaFaFbLaLbNbTdWa AaEbFaLaLcTbWaWb AaEbFdLbWb AdEaFaFdLaNbTaWb AbEbFbLaLbWb AaEbFbLbTbTdWaWb",
};

/** Speaker, sentence, emotion, version: `03a01Fa`. */
const NAME = /^(\d{2})([ab]\d{2})([WLEAFTN])([a-z])$/;

/** EMO-DB, the Berlin database: `wav/03a01Fa.wav`. */
export const emodb: CorpusDefinition = {
  name: "emodb",
  title: "EMO-DB",
  description:
    "Ten actors (5 women, 5 men) of 21 to 35 years, German, ten everyday sentences in six emotions, one of them " +
    "boredom (no surprise), and neutral: 535 clips, those that listeners recognised.",
  language: "German",
  homepage: "http://emodb.bilderbar.info/docu/",
  licence: "free for research, with citation",
  citation: `@inproceedings{burkhardt2005emodb,
  author    = {Burkhardt, Felix and Paeschke, Astrid and Rolfes, Miriam and Sendlmeier, Walter F. and Weiss, Benjamin},
  title     = {A database of {German} emotional speech},
  booktitle = {Proc. Interspeech},
  pages     = {1517--1520},
  year      = {2005},
  doi       = {10.21437/Interspeech.2005-446}
}`,
  sampleRate: 16000,
  clipCount: 535,
  speakers: SPEAKERS.map(({ speaker }) => speaker),
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const [name, code, sentenceId, label] = match as string[];
  const speaker = SPEAKER.get(code);
  if (!speaker || !Object.hasOwn(SENTENCE, sentenceId)) return undefined;
  return {
    id: `emodb/${name}`,
    corpus: "emodb",
    ...speaker,
    emotion: EMOTION[label as keyof typeof EMOTION],
    label,
    sentence: SENTENCE[sentenceId as keyof typeof SENTENCE],
    sentenceId,
  };
}

function expectedIds(): string[] {
  const sentences = Object.keys(SENTENCE);
  const ids = Object.entries(PUBLISHED).flatMap(([speaker, line]) =>
    line.split(" ").flatMap((clips, s) => {
      const takes = clips.match(/../g)!;
      return takes.map((take) => `emodb/${speaker}${sentences[s]}${take}`);
    }),
  );
  return ids.sort(byText);
}
