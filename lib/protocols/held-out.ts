import { define } from "./define.js";
import { calmOf, queryOf } from "./query.js";
import { heldOutFold } from "./split.js";
import type { Protocol } from "./types.js";

/**
 * Any clips, split by held-out speakers: the default of `ser train`.
 *
 * @param version 2; 1 draws speakers without regard to their classes
 */
export function heldOut(query?: string, version: 1 | 2 = 2): Protocol {
  const { calm: given } = queryOf("held-out", query, ["calm"]);
  const calm = calmOf("held-out", given);
  return define(
    {
      name: calm === "merge" ? "held-out" : `held-out?calm=${calm}`,
      version,
      source:
        "CREMA-D: audEERING, crema-d 1.1.0 (https://github.com/audeering/datasets); the rest fixed here",
      description:
        "whatever clips there are, by speakers: the four corpora as in combined/speaker-independent, EMO-DB, EMOVO " +
        "and URDU by speakers fixed likewise, any other (or one of which these speakers are not there) by speakers drawn once " +
        "and for all, a fifth each to validate and to test, with every class in every part where speakers allow it",
      corpora: [],
      calm,
      apart: ["speaker"],
      validationApart: ["speaker"],
      // One of TESS's two speakers is the test; the other is in train and in validation.
      validationApartIn: { tess: ["sentence"] },
      leaky: false,
    },
    (clips) => [heldOutFold(clips, version)],
  );
}
