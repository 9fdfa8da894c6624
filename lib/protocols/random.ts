import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import type { Clip, CorpusName } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";
import { audeering } from "./cremad.js";
import { define, placesIn } from "./define.js";
import { ravdess7 } from "./ravdess.js";
import { loso } from "./savee.js";
import { crossSpeaker } from "./tess.js";
import type { Protocol } from "./types.js";

const INDEPENDENT: Record<CorpusName, Protocol> = {
  ravdess: ravdess7,
  tess: crossSpeaker,
  savee: loso,
  cremad: audeering,
};

/**
 * The corpus's speaker-independent protocol with its clips permuted within each emotion: as many folds, as many clips of
 * each emotion in each part, but speakers, sentences and copies on both sides. The difference between the two is leakage.
 */
export function randomly(corpus: CorpusName): Protocol {
  const honest = INDEPENDENT[corpus];
  const name = `random/${corpus}`;
  return define(
    {
      name,
      version: 1,
      source: "fixed here",
      description:
        `LEAKY, only to show what leakage pretends: ${corpora[corpus].title} with the folds and sizes of ${honest.name}, ` +
        "but clips drawn at random within each emotion, so that the same speakers are on both sides",
      corpora: [corpus],
      calm: "merge",
      apart: honest.apart,
      validationApart: honest.validationApart,
      leaky: true,
    },
    (clips) => {
      const standsFor = exchange(clips, name);
      return honest.plan(clips).folds.map((fold) => {
        const places = placesIn(fold);
        return {
          description: `drawn at random, with the sizes of fold ${fold.name} of ${honest.name}`,
          placeOf: ({ id }: Clip) => places.get(standsFor.get(id)!),
        };
      });
    },
  );
}

/** A permutation of the clip ids within each emotion. */
function exchange(clips: readonly Clip[], seed: string): Map<string, string> {
  const pairs = [...groupBy(clips, ({ emotion }) => emotion)].flatMap(([emotion, own]) => {
    const drawn = random(`${seed}/${emotion}`).shuffle(own);
    return own.map(({ id }, i): [string, string] => [id, drawn[i]!.id]);
  });
  return new Map(pairs);
}
