import type { Clip, CorpusName } from "../corpora/clip.js";
import { define, parts, saidBy, saying } from "./define.js";
import { EMOBOX_FOLDS } from "./ravdess.js";
import { everyFifthWord } from "./tess.js";
import type { Fold, Group, Protocol } from "./types.js";

interface Variant {
  description: string;
  validationApart: readonly Group[];
  folds(clips: readonly Clip[]): Fold[];
}

/** CREMA-D's sentences in pairs. IEO, said at three intensities, is 1456 of 7442 clips, so the first fold is larger. */
const CREMAD_PAIRS = ["DFA IEO", "IOM ITH", "ITS IWL", "IWW MTI", "TAI TIE", "TSI WSI"];

/** The three sentences that SAVEE's speakers say in every emotion. */
const SAVEE_COMMON = ["01", "02", "03"];

const VARIANTS: Record<CorpusName, Variant> = {
  ravdess: {
    description:
      "RAVDESS's two sentences, each the test once, said by all 24 actors; of the other sentence four actors validate " +
      "and twenty train",
    validationApart: ["speaker"],
    folds: () =>
      ["02", "01"].map((test) => ({
        description: `test sentence ${test}, validation actors ${EMOBOX_FOLDS[1]!.join(" ")} with the other`,
        placeOf: parts(saying([test]), saidBy(EMOBOX_FOLDS[1]!)),
      })),
  },
  tess: {
    description:
      "TESS's 200 words in five folds of 40; the next fold's words validate; both speakers are in all",
    validationApart: ["sentence"],
    folds: (clips) =>
      [0, 1, 2, 3, 4].map((i) => ({
        description: `test every fifth word from the ${i + 1}. on, validation those after them`,
        placeOf: parts(everyFifthWord(clips, i), everyFifthWord(clips, (i + 1) % 5)),
      })),
  },
  savee: {
    description:
      "the three sentences that SAVEE's speakers say in every emotion, each the test once; the next of them validates, " +
      "all other sentences train",
    validationApart: ["sentence"],
    folds: () => cyclic(SAVEE_COMMON),
  },
  cremad: {
    description:
      "CREMA-D's twelve sentences in six folds of two; the next fold's validate; all 91 speakers are in all",
    validationApart: ["sentence"],
    folds: () => cyclic(CREMAD_PAIRS),
  },
};

/** One corpus, tested on unseen sentences of seen speakers. */
export function sentenceIndependent(corpus: CorpusName): Protocol {
  const { description, validationApart, folds } = VARIANTS[corpus];
  return define(
    {
      name: `sentence-independent/${corpus}`,
      version: 1,
      source: "fixed here",
      description: `${description}. Speakers are not apart.`,
      corpora: [corpus],
      calm: "merge",
      apart: ["sentence"],
      validationApart,
      leaky: false,
    },
    folds,
  );
}

/** Each group of sentences is the test once, the next one validates. */
function cyclic(groups: readonly string[]): Fold[] {
  return groups.map((test, i) => {
    const next = groups[(i + 1) % groups.length]!;
    return {
      description: `test ${test}, validation ${next}`,
      placeOf: parts(saying(test.split(" ")), saying(next.split(" "))),
    };
  });
}
