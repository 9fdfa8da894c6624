import { emovo } from "../corpora/emovo.js";
import { leaveOut } from "./leave-out.js";

/** A woman and a man for test, and for validation. */
export const EMOVO_HELD_OUT = { test: ["f1", "m1"], validation: ["f2", "m2"] } as const;

/** EMOVO, each speaker held out once. */
export const emovoLoso = leaveOut({
  name: "emovo/loso",
  source:
    "fixed here; corpus: Costantini et al., EMOVO Corpus: an Italian Emotional Speech Database, LREC 2014, 3501-3504",
  description: "EMOVO's six speakers, each the test once; the next one (f1 f2 f3 m1 m2 m3, cyclic) validates",
  corpus: "emovo",
  groups: emovo.speakers.map((speaker) => [speaker]),
});
