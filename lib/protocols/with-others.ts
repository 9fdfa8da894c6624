import { type Clip, CORPORA, type CorpusName, type KnownCorpus } from "../corpora/clip.js";
import { classesOf, corpora } from "../corpora/registry.js";
import { audeering } from "./cremad.js";
import { VALIDATES } from "./cross-corpus.js";
import { define, placesIn } from "./define.js";
import { emodbLoso } from "./emodb.js";
import { emovoLoso } from "./emovo.js";
import { emobox } from "./ravdess.js";
import { loso } from "./savee.js";
import { crossSpeaker } from "./tess.js";
import type { Fold, Protocol } from "./types.js";
import { urduSpeakers } from "./urdu.js";

/**
 * Protocols of one corpus that also train on the clips of the others of the four. The test parts are the same, so results
 * can be compared with those of the protocol without the others.
 */
export const WITH_OTHERS: readonly Protocol[] = [
  ...[audeering, emobox, loso, crossSpeaker],
  ...[emodbLoso, emovoLoso, urduSpeakers],
].map(withOthers);

function withOthers(base: Protocol): Protocol {
  const own = base.corpora[0] as KnownCorpus;
  const others = CORPORA.filter((name) => name !== own);
  // TESS validates on the speaker it trains on, so unseen speakers of the other corpora validate instead.
  const askStrangers = own === "tess";
  const titles = others.map((name) => corpora[name].title).join(", ");
  const facts: Omit<Protocol, "plan"> = {
    ...base,
    name: `${base.name}+others`,
    version: 1,
    description:
      `${base.description}; the clips of ${titles} that have its classes train as well` +
      (askStrangers
        ? ", but for those of the speakers that validate in combined/speaker-independent, who validate here"
        : ""),
    corpora: [own, ...others],
    ...(askStrangers && { validationApart: ["speaker"], validationApartIn: { tess: base.validationApart } }),
  };
  return define(
    facts,
    (clips) => {
      const { folds } = base.plan(clips.filter(({ corpus }) => corpus === own));
      const placeOfOther = askStrangers ? validatingStrangers(clips, others) : () => "train" as const;
      return folds.map((fold): Fold => {
        const places = placesIn(fold);
        const placeOf = (clip: Clip) => places.get(clip.id) ?? placeOfOther(clip);
        return { description: `${fold.description}; train also ${titles}`, placeOf };
      });
    },
    (clips) => {
      const classes = new Set(classesOf(clips.filter(({ corpus }) => corpus === own)));
      return clips.filter(({ emotion }) => classes.has(emotion));
    },
  );
}

function validatingStrangers(clips: readonly Clip[], others: readonly CorpusName[]): Fold["placeOf"] {
  const rules = new Map<string, (clip: Clip) => boolean>(
    others.map((name) => [name, VALIDATES[name](clips.filter(({ corpus }) => corpus === name))]),
  );
  return (clip) => (rules.get(clip.corpus)!(clip) ? "validation" : "train");
}
