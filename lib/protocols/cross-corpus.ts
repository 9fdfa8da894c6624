import { type Clip, CORPORA, type CorpusName } from "../corpora/clip.js";
import { classesOf, corpora } from "../corpora/registry.js";
import { AUDEERING } from "./cremad.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";
import { EMOBOX_FOLDS } from "./ravdess.js";
import { everyFifthWord } from "./tess.js";
import type { Protocol } from "./types.js";

/** What validates inside a corpus that is not tested: the speakers that validate in its own protocol, of TESS words. */
export const VALIDATES: Record<CorpusName, (clips: readonly Clip[]) => (clip: Clip) => boolean> = {
  ravdess: () => saidBy(EMOBOX_FOLDS[1]!),
  tess: (clips) => everyFifthWord(clips),
  savee: () => saidBy(["JK"]),
  cremad: () => saidBy(AUDEERING.validation),
};

/** Every corpus as the test of a training on each other one, and on the other three. */
export const CROSS_CORPUS: readonly Protocol[] = [
  ...CORPORA.flatMap((train) =>
    CORPORA.filter((test) => test !== train).map((test) => crossCorpus(train, [train], test)),
  ),
  ...CORPORA.map((test) =>
    crossCorpus(
      "others",
      CORPORA.filter((name) => name !== test),
      test,
    ),
  ),
];

function crossCorpus(label: string, training: readonly CorpusName[], test: CorpusName): Protocol {
  const name = `cross-corpus/${label}-${test}`;
  const titles = training.map((corpus) => corpora[corpus].title).join(", ");
  const onlyTess = training.every((corpus) => corpus === "tess");
  const withTess = !onlyTess && training.includes("tess");
  const facts: Omit<Protocol, "plan"> = {
    name,
    version: 1,
    source: "fixed here",
    description:
      `trained on ${titles}, tested on all of ${corpora[test].title}; both restricted to the classes they have in ` +
      "common, calm merged into neutral; validation is inside the training corpora, by the speakers that validate in " +
      "combined/speaker-independent (in TESS one fifth of the words of both speakers)",
    corpora: [...training, test],
    calm: "merge",
    apart: ["speaker"],
    validationApart: onlyTess ? ["sentence"] : ["speaker"],
    ...(withTess && { validationApartIn: { tess: ["sentence"] } }),
    leaky: false,
  };
  return define(
    facts,
    (clips) => {
      const validates = training.map((corpus) => {
        const own = clips.filter((clip) => clip.corpus === corpus);
        assertSpeakers(name, corpus, own, corpora[corpus].speakers);
        return [corpus, VALIDATES[corpus](own)] as const;
      });
      const ruleOf = new Map<string, (clip: Clip) => boolean>(validates);
      return [
        {
          description: `train and validation ${titles}, test ${corpora[test].title}`,
          placeOf: parts(
            ({ corpus }) => corpus === test,
            (clip) => ruleOf.get(clip.corpus)!(clip),
          ),
        },
      ];
    },
    (clips) => inCommon(clips, test),
  );
}

/** The clips of the classes that both sides have. */
function inCommon(clips: readonly Clip[], test: string): Clip[] {
  const [trained, tested] = [true, false].map(
    (training) => new Set(classesOf(clips.filter(({ corpus }) => (corpus !== test) === training))),
  );
  return clips.filter(({ emotion }) => trained!.has(emotion) && tested!.has(emotion));
}
