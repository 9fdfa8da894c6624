import { type Clip, CORPORA, type CorpusName } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";
import { TESS_WORDS } from "../corpora/tess.js";
import { AUDEERING } from "./cremad.js";
import { assertSpeakers, crossing, define, saidBy, saying, short } from "./define.js";
import { EMOBOX_FOLDS } from "./ravdess.js";
import { nextSpeaker, SAVEE_TESTS } from "./savee.js";
import { heldOutFold } from "./split.js";
import type { Fold, Group, Protocol } from "./types.js";

const words = (text: string): readonly string[] => text.split(" ");

/** RAVDESS has two sentences. */
const RAVDESS = ["01", "02"].map(words);

/** Every fifth of TESS's words, from each of the first five on. */
const TESS = [0, 1, 2, 3, 4].map((first) => TESS_WORDS.filter((_, i) => i % 5 === first));

/**
 * SAVEE's 87 sentences in groups of 20 clips a speaker: 2 or 3 of each emotion and 5 neutral ones. 01 to 03 are said in
 * every emotion, those numbered 04 and 05 in their emotion and in neutral, the others in one emotion only.
 */
const SAVEE = [
  "01 a04 h05 a06 d06 f06 f07 sa06 sa07 su06 n04",
  "02 d04 sa05 a07 d07 f08 h06 h07 su07 su08 n05",
  "03 f04 su05 a08 a09 d08 f09 h08 sa08 sa09 n06",
  "a05 h04 a10 d09 d10 d11 f10 f11 h09 h10 sa10 sa11 su09 su10 su11 n07 n08 n09",
  "d05 sa04 a11 a12 a13 d12 f12 f13 f14 h11 h12 sa12 sa13 su12 su13 n10 n11 n12",
  "f05 su04 a14 a15 d13 d14 d15 f15 h13 h14 h15 sa14 sa15 su14 su15 n13 n14 n15",
].map(words);

/** CREMA-D's twelve sentences. IEO, said at three intensities, makes the first group larger. */
const CREMAD = ["DFA IEO IOM", "ITH ITS IWL", "IWW MTI TAI", "TIE TSI WSI"].map(words);

/** Halves of each corpus's sentences. SAVEE's halves are of three groups each, so that both have clips of every emotion. */
const HALVES: Record<CorpusName, readonly (readonly string[])[]> = {
  ravdess: RAVDESS,
  tess: [0, 1].map((first) => TESS_WORDS.filter((_, i) => i % 2 === first)),
  savee: [
    [0, 1, 3],
    [2, 4, 5],
  ].map((groups) => groups.flatMap((g) => SAVEE[g]!)),
  cremad: [
    [0, 1],
    [2, 3],
  ].map((groups) => groups.flatMap((g) => CREMAD[g]!)),
};

interface Crossed {
  description: string;
  calm?: Protocol["calm"];
  together?: true;
  /** The test and validation speakers of each fold. */
  speakers: readonly { test: readonly string[]; validation: readonly string[] }[];
  sentences: readonly (readonly string[])[];
  validationApart: readonly ("speaker" | "sentence")[];
}

const CROSSED: Record<CorpusName, Crossed> = {
  ravdess: {
    description:
      "RAVDESS's actors in EmoBox's six folds of four, each with either sentence: twelve folds; the next fold's actors " +
      "validate, by the sentence that trains, since there is no third one; calm is the eighth class",
    calm: "keep",
    speakers: EMOBOX_FOLDS.map((test, i) => ({
      test,
      validation: EMOBOX_FOLDS[(i + 1) % EMOBOX_FOLDS.length]!,
    })),
    sentences: RAVDESS,
    validationApart: ["speaker"],
  },
  tess: {
    description:
      "TESS's two speakers, each with either of five groups of 40 words: ten folds; the next group's words by the speaker " +
      "that trains validate, since there is no third one",
    speakers: ["YAF", "OAF"].map((test) => ({ test: [test], validation: [] })),
    sentences: TESS,
    validationApart: ["sentence"],
  },
  savee: {
    description:
      "SAVEE's four speakers, each with either of six groups of its 87 sentences: 24 folds; the next speaker (DC, JE, JK, " +
      "KL, cyclic) saying the next group validates, 20 clips, so that all folds choose together",
    together: true,
    speakers: SAVEE_TESTS.map((test) => ({ test: [test], validation: [nextSpeaker(test)] })),
    sentences: SAVEE,
    validationApart: ["speaker", "sentence"],
  },
  cremad: {
    description:
      "CREMA-D's speakers as audEERING's 56, 18 and 17, with four groups of three sentences: four folds; the speakers that " +
      "validate say the next group",
    speakers: [AUDEERING],
    sentences: CREMAD,
    validationApart: ["speaker", "sentence"],
  },
};

const FACTS = {
  version: 1,
  source: "fixed here",
  apart: ["speaker", "sentence"],
  leaky: false,
} as const;

/** In every description: the clips that are in no part. */
const LEFT = "what a test speaker says otherwise, and what others say of the test's sentences, is in no part";

/** Each corpus, and the four together, tested on unseen sentences of unseen speakers. */
export const SPEAKER_SENTENCE: readonly Protocol[] = [...CORPORA.map(crossed), combined()];

function crossed(corpus: CorpusName): Protocol {
  const { description, calm = "merge", together, speakers, sentences, validationApart } = CROSSED[corpus];
  const name = `${corpus}/speaker-sentence`;
  return define(
    {
      ...{ name, ...FACTS, description: `${description}; ${LEFT}`, corpora: [corpus], calm, validationApart },
      ...(together && { together }),
    },
    (clips) => {
      assertSpeakers(name, corpus, clips, corpora[corpus].speakers);
      return speakers.flatMap((own) => sentences.map((_, g) => cell(own, sentences, g, validationApart)));
    },
  );
}

function cell(
  { test, validation }: Crossed["speakers"][number],
  sentences: Crossed["sentences"],
  g: number,
  validationApart: Crossed["validationApart"],
): Fold {
  const next = (g + 1) % sentences.length;
  const judges = { speaker: saidBy(validation), sentence: saying(sentences[next]!) };
  const groups = (at: number) => (sentences[at]!.length <= 3 ? sentences[at]!.join(" ") : `group ${at + 1}`);
  const judged = [
    ...(validationApart.includes("speaker") ? [short(validation)] : ["the other speaker"]),
    ...(validationApart.includes("sentence") ? [`sentences ${groups(next)}`] : []),
  ];
  return {
    description: `test ${short(test)}, sentences ${groups(g)}; validation ${judged.join(", ")}`,
    placeOf: crossing(
      [saidBy(test), saying(sentences[g]!)],
      validationApart.map((group) => judges[group]),
    ),
  };
}

/** The speaker split of the four corpora, with one half of the sentences in test and the other half elsewhere. */
function combined(): Protocol {
  const name = "combined/speaker-sentence";
  const validationApart: readonly Group[] = ["speaker"];
  return define(
    {
      ...{ name, ...FACTS, corpora: CORPORA, calm: "merge", validationApart },
      description:
        "the four corpora together, split by speakers as combined/speaker-independent, tested on either half of each " +
        `corpus's sentences, trained and validated on the other: two folds; ${LEFT}`,
      validationApartIn: { tess: ["sentence"] },
    },
    (clips) => {
      for (const corpus of CORPORA) assertSpeakers(name, corpus, clips, corpora[corpus].speakers);
      const { placeOf } = heldOutFold(clips);
      return [0, 1].map((half): Fold => {
        const tested = new Map<string, (clip: Clip) => boolean>(
          CORPORA.map((corpus) => [corpus, saying(HALVES[corpus][half]!)]),
        );
        return {
          description: `test half ${half + 1} of the sentences, train and validation the other`,
          placeOf: (clip) => {
            const place = placeOf(clip);
            return tested.get(clip.corpus)!(clip) === (place === "test") ? place : undefined;
          },
        };
      });
    },
  );
}
