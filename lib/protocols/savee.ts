import { savee } from "../corpora/savee.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";

/** The test speakers of EmoBox's four folds of SAVEE, in its order. */
export const SAVEE_TESTS = ["JE", "KL", "DC", "JK"] as const;

/** The validation speaker for a test speaker: the next of DC, JE, JK, KL, cyclic. */
export function nextSpeaker(test: string): string {
  return savee.speakers[(savee.speakers.indexOf(test) + 1) % savee.speakers.length]!;
}

/** SAVEE, each speaker held out once. */
export const loso = define(
  {
    name: "savee/loso",
    version: 1,
    source:
      "Ma et al., EmoBox, Interspeech 2024 (https://github.com/emo-box/EmoBox): test parts; validation fixed here",
    description: "SAVEE's four speakers, each the test once; the next of DC, JE, JK, KL (cyclic) validates",
    corpora: ["savee"],
    calm: "merge",
    apart: ["speaker"],
    validationApart: ["speaker"],
    leaky: false,
  },
  (clips) => {
    assertSpeakers("savee/loso", "savee", clips, savee.speakers);
    return SAVEE_TESTS.map((test) => {
      const next = nextSpeaker(test);
      const placeOf = parts(saidBy([test]), saidBy([next]));
      return { description: `test ${test}, validation ${next}`, placeOf };
    });
  },
);
