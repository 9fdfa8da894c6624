import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, wavName } from "./corpus.js";

const EMOTION = {
  angry: "anger",
  disgust: "disgust",
  fear: "fear",
  happy: "happiness",
  neutral: "neutral",
  ps: "surprise",
  sad: "sadness",
} as const;

/** The 200 words of the Northwestern University Auditory Test No. 6, sorted. */
export const TESS_WORDS: readonly string[] = (
  "back bar base bath bean beg bite boat bone book bought burn cab calm came cause chain chair chalk " +
  "chat check cheek chief choice cool dab date dead death deep dime dip ditch dodge dog doll door fail " +
  "fall far fat fit five food gap gas gaze germ get gin goal good goose gun half hall hash hate have " +
  "haze hire hit hole home hurl hush jail jar join judge jug juice keen keep keg kick kill king kite " +
  "knock late laud lean learn lease lid life limb live loaf long lore lose lot love luck make match " +
  "merge mess met mill mob mode mood moon mop mouse nag name near neat nice note numb pad page pain " +
  "pass pearl peg perch phone pick pike pole pool puff rag raid rain raise rat reach read red ring ripe " +
  "road room rose rot rough rush said sail search seize sell shack shall shawl sheep shirt should shout " +
  "size soap soup sour south sub such sure take talk tape team tell thin third thought thumb time tip " +
  "tire ton tool tough turn vine voice void vote wag walk wash week wheat when which whip white wife " +
  "wire witch yearn yes young youth"
).split(" ");

const KNOWN = new Set(TESS_WORDS);

/** Speaker, word, emotion. One published file name lacks the F of OAF: `OA_bite_neutral.wav`. */
const NAME = /^(OAF?|YAF)_([a-z]+)_(angry|disgust|fear|happy|neutral|ps|sad)$/i;

/** TESS: `OAF_angry/OAF_back_angry.wav`. Folder names are spelled in many ways and are not read. */
export const tess: CorpusDefinition = {
  name: "tess",
  title: "TESS",
  description:
    'Two actresses from Toronto (OAF aged 64, YAF aged 26) say 200 words in "Say the word ..." in seven ' +
    "emotions; surprise is pleasant surprise: 2800 clips.",
  language: "English",
  accent: "North American",
  homepage: "https://doi.org/10.5683/SP2/E8H2MF",
  licence: "CC BY-NC-ND 4.0",
  citation: `@data{pichorafuller2020tess,
  author    = {Pichora-Fuller, M. Kathleen and Dupuis, Kate},
  title     = {Toronto emotional speech set ({TESS})},
  publisher = {Borealis},
  year      = {2020},
  doi       = {10.5683/SP2/E8H2MF}
}`,
  sampleRate: 24414,
  clipCount: 2800,
  speakers: ["OAF", "YAF"],
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const speaker = match[1].toUpperCase() === "YAF" ? "YAF" : "OAF";
  const word = match[2].toLowerCase();
  const label = match[3].toLowerCase() as keyof typeof EMOTION;
  if (!KNOWN.has(word)) return undefined;
  return {
    id: `tess/${speaker}_${word}_${label}`,
    corpus: "tess",
    speaker,
    sex: "female",
    emotion: EMOTION[label],
    label,
    sentence: `Say the word ${word}`,
    sentenceId: word,
  };
}

function expectedIds(): string[] {
  const ids = tess.speakers.flatMap((speaker) =>
    TESS_WORDS.flatMap((word) => Object.keys(EMOTION).map((label) => `tess/${speaker}_${word}_${label}`)),
  );
  return ids.sort(byText);
}
