import type { KnownCorpus } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";
import { assertSpeakers, define, parts, saidBy, short } from "./define.js";
import type { Protocol } from "./types.js";

interface LeftOut extends Pick<Protocol, "name" | "source" | "description" | "together"> {
  corpus: KnownCorpus;
  /** Groups of speakers; each is the test once. */
  groups: readonly (readonly string[])[];
}

/**
 * A protocol that holds out each group of speakers once; the next group (cyclic) validates.
 *
 * @example leaveOut({ name: "emovo/loso", corpus: "emovo", groups: emovo.speakers.map((one) => [one]), ...texts })
 */
export function leaveOut({ corpus, groups, ...texts }: LeftOut): Protocol {
  const apart = { apart: ["speaker"], validationApart: ["speaker"], leaky: false } as const;
  return define({ ...texts, version: 1, corpora: [corpus], calm: "merge", ...apart }, (clips) => {
    assertSpeakers(texts.name, corpus, clips, corpora[corpus].speakers);
    return groups.map((test, i) => {
      const validation = groups[(i + 1) % groups.length]!;
      return {
        description: `test ${short(test)}, validation ${short(validation)}`,
        placeOf: parts(saidBy(test), saidBy(validation)),
      };
    });
  });
}
