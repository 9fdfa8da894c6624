import { type Clip, CORPORA, KNOWN_CORPORA, type KnownCorpus } from "../corpora/clip.js";
import { classesOf, corpora } from "../corpora/registry.js";
import { AUDEERING } from "./cremad.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";
import { EMODB_HELD_OUT } from "./emodb.js";
import { EMOVO_HELD_OUT } from "./emovo.js";
import { EMOBOX_FOLDS } from "./ravdess.js";
import { everyFifthWord } from "./tess.js";
import type { Protocol } from "./types.js";
import { URDU_HELD_OUT } from "./urdu.js";

/** The validation clips within a corpus that is trained on: the validation speakers of held-out, in TESS words. */
export const VALIDATES: Record<KnownCorpus, (clips: readonly Clip[]) => (clip: Clip) => boolean> = {
  ravdess: () => saidBy(EMOBOX_FOLDS[1]!),
  tess: (clips) => everyFifthWord(clips),
  savee: () => saidBy(["JK"]),
  cremad: () => saidBy(AUDEERING.validation),
  emodb: () => saidBy(EMODB_HELD_OUT.validation),
  emovo: () => saidBy(EMOVO_HELD_OUT.validation),
  urdu: () => saidBy(URDU_HELD_OUT.validation),
};

/** Each of the four corpora as the test, trained on each other one, and on the other three. */
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

/**
 * The protocol `cross-corpus/A-B` of any two known corpora, or `cross-corpus/others-B`, which trains on the four without B.
 *
 * @returns `undefined` for any other name
 * @example crossCorpusNamed("cross-corpus/emodb-emovo")
 */
export function crossCorpusNamed(name: string): Protocol | undefined {
  const [, label, tested] = /^cross-corpus\/([a-z]+)-([a-z]+)$/.exec(name) ?? [];
  const test = KNOWN_CORPORA.find((corpus) => corpus === tested);
  if (!test || label === test) return undefined;
  const training: readonly KnownCorpus[] =
    label === "others" ? CORPORA : KNOWN_CORPORA.filter((corpus) => corpus === label);
  const others = training.filter((corpus) => corpus !== test);
  return others.length > 0 ? crossCorpus(label!, others, test) : undefined;
}

function crossCorpus(label: string, training: readonly KnownCorpus[], test: KnownCorpus): Protocol {
  const name = `cross-corpus/${label}-${test}`;
  const titles = training.map((corpus) => corpora[corpus].title).join(", ");
  const inEnglish = [...training, test].every((corpus) => (CORPORA as readonly string[]).includes(corpus));
  const language = (corpus: KnownCorpus) => (inEnglish ? "" : ` (${corpora[corpus].language})`);
  const onlyTess = training.every((corpus) => corpus === "tess");
  const withTess = !onlyTess && training.includes("tess");
  const facts: Omit<Protocol, "plan"> = {
    name,
    version: 1,
    source: "fixed here",
    description:
      `trained on ${titles}${language(training[0]!)}, tested on all of ${corpora[test].title}${language(test)}; both ` +
      "restricted to the classes they have in common, calm merged into neutral; validation is inside the training corpora, " +
      `by the speakers that validate in ${inEnglish ? "combined/speaker-independent" : "held-out"}` +
      (inEnglish || onlyTess || withTess ? " (in TESS one fifth of the words of both speakers)" : ""),
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
