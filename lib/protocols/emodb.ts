import { emodb } from "../corpora/emodb.js";
import { leaveOut } from "./leave-out.js";

/**
 * A man and a woman for test, and for validation: a fifth of the clips each. They are chosen for disgust, of which some
 * speakers have one clip or none: each part has ten.
 */
export const EMODB_HELD_OUT = { test: ["12", "14"], validation: ["11", "13"] } as const;

/** EMO-DB, each speaker held out once. */
export const emodbLoso = leaveOut({
  name: "emodb/loso",
  source:
    "fixed here; corpus: Burkhardt et al., A database of German emotional speech, Interspeech 2005, 1517-1520",
  description:
    "EMO-DB's ten speakers, each the test once; the next one (cyclic) validates; boredom is a class of its own, and " +
    "not every speaker has every class",
  corpus: "emodb",
  groups: emodb.speakers.map((speaker) => [speaker]),
});
