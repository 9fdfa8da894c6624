import { leaveOut } from "./leave-out.js";

/**
 * The speakers in four groups, each with every class and both sexes. More groups are not possible: anger has four speakers,
 * and the third has only two clips of it. In this order, groups that train together have at least thirty clips of anger.
 */
const GROUPS: readonly (readonly string[])[] = [
  "SM1 SM5 SM6 SM26 SF4 SF10",
  "SM2 SM20 SM24 SF5 SF6 SF7",
  "SM3 SM7 SM25 SF8 SF9",
  "SM4 SM17 SM18 SM19 SM21 SM22 SM23 SM27 SF1 SF2 SF3 SF11",
].map((speakers) => speakers.split(" "));

/** Test and validation speakers of the first fold. */
export const URDU_HELD_OUT = { test: GROUPS[0]!, validation: GROUPS[1]! } as const;

/** URDU, its speakers held out in four groups. */
export const urduSpeakers = leaveOut({
  name: "urdu/speakers",
  source:
    "fixed here; corpus: Latif et al., Cross Lingual Speech Emotion Recognition: Urdu vs. Western Languages, FIT 2018, " +
    "88-93",
  description:
    "URDU's 29 speakers in four groups with every class, each the test once; the next group (cyclic) validates. Anger has " +
    "four speakers, one a group, and in one group two clips, so that all folds choose together. 26 speakers are heard in " +
    "one emotion only",
  corpus: "urdu",
  together: true,
  groups: GROUPS,
});
