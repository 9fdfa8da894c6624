import { CORPORA } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";
import { assertSpeakers, define } from "./define.js";
import { heldOutFold } from "./split.js";

const NAME = "combined/speaker-independent";

/** All four corpora, split by speakers. */
export const combined = define(
  {
    name: NAME,
    version: 1,
    source: "CREMA-D: audEERING, crema-d 1.1.0 (https://github.com/audeering/datasets); the rest fixed here",
    description:
      "the four corpora together, seven classes: test CREMA-D's 17 test speakers, RAVDESS 01 11 20 21, SAVEE KL, TESS " +
      "YAF; validation CREMA-D's 18, RAVDESS 04 10 12 14, SAVEE JK, one fifth of the words of TESS OAF",
    corpora: CORPORA,
    calm: "merge",
    apart: ["speaker"],
    validationApart: ["speaker"],
    validationApartIn: { tess: ["sentence"] },
    leaky: false,
  },
  (clips) => {
    for (const name of CORPORA) assertSpeakers(NAME, name, clips, corpora[name].speakers);
    return [heldOutFold(clips)];
  },
);
