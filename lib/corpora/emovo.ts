import { byText } from "../base/text.js";
import type { ClipName } from "./clip.js";
import { type CorpusDefinition, wavName } from "./corpus.js";

/** The first letters of the Italian words: rabbia, disgusto, paura, gioia, tristezza, sorpresa, neutro. */
const EMOTION = {
  rab: "anger",
  dis: "disgust",
  pau: "fear",
  gio: "happiness",
  tri: "sadness",
  sor: "surprise",
  neu: "neutral",
} as const;

/** Three short sentences (b), four long ones (l), five nonsense sentences (n), two questions (d). */
const SENTENCE = {
  b1: "Gli operai si alzano presto.",
  b2: "I vigili sono muniti di pistola.",
  b3: "La cascata fa molto rumore.",
  l1: "L'autunno prossimo Tony partirà per la Spagna nella prima metà di ottobre.",
  l2: "Ora prendo la felpa di là ed esco per fare una passeggiata.",
  l3: "Un attimo dopo s'è incamminato ed è inciampato.",
  l4: "Vorrei il numero telefonico del Signor Piatti.",
  n1: "La casa forte vuole col pane.",
  n2: "La forza trova il passo e l'aglio rosso.",
  n3: "Il gatto sta scorrendo nella pera.",
  n4: "Insalata pastasciutta coscia d'agnello limoncello.",
  n5: "Uno quarantatré dieci mille cinquantasette venti.",
  d1: "Sabato sera cosa farà?",
  d2: "Porti con te quella cosa?",
} as const;

/** Emotion, speaker, sentence: `dis-f1-b1`. */
const NAME = /^(rab|dis|pau|gio|tri|sor|neu)-([fm][123])-([bdln]\d)$/;

/** EMOVO: `EMOVO/f1/dis-f1-b1.wav`. */
export const emovo: CorpusDefinition = {
  name: "emovo",
  title: "EMOVO",
  description:
    "Six actors (3 women, 3 men), Italian, 14 sentences, five of them without meaning, each in six emotions and " +
    "neutral: 588 clips.",
  language: "Italian",
  homepage: "http://voice.fub.it/activities/corpora/emovo/index.html",
  licence: "free for research",
  citation: `@inproceedings{costantini2014emovo,
  author    = {Costantini, Giovanni and Iadarola, Iacopo and Paoloni, Andrea and Todisco, Massimiliano},
  title     = {{EMOVO} Corpus: an {Italian} Emotional Speech Database},
  booktitle = {Proc. Int. Conf. on Language Resources and Evaluation (LREC)},
  address   = {Reykjavik, Iceland},
  pages     = {3501--3504},
  year      = {2014}
}`,
  sampleRate: 48000,
  clipCount: 588,
  speakers: ["f1", "f2", "f3", "m1", "m2", "m3"],
  parse,
  expectedIds,
};

function parse(path: string): ClipName | undefined {
  const match = NAME.exec(wavName(path) ?? "");
  if (!match) return undefined;
  const [name, label, speaker, sentenceId] = match as string[];
  if (!Object.hasOwn(SENTENCE, sentenceId)) return undefined;
  return {
    id: `emovo/${name}`,
    corpus: "emovo",
    speaker,
    sex: speaker.startsWith("f") ? "female" : "male",
    emotion: EMOTION[label as keyof typeof EMOTION],
    label,
    sentence: SENTENCE[sentenceId as keyof typeof SENTENCE],
    sentenceId,
  };
}

function expectedIds(): string[] {
  const ids = Object.keys(EMOTION).flatMap((label) =>
    emovo.speakers.flatMap((speaker) =>
      Object.keys(SENTENCE).map((sentence) => `emovo/${label}-${speaker}-${sentence}`),
    ),
  );
  return ids.sort(byText);
}
