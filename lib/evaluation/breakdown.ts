import { byText } from "../base/text.js";
import {
  accuracyOf,
  type BootstrapOptions,
  checkSeeds,
  confusionIntervals,
  type Interval,
  type Scored,
  uarOf,
} from "./interval.js";
import { confusionCounts, metrics } from "./metrics.js";

/** UAR and accuracy of one group of clips: one speaker, one sex, one sentence, ... */
export interface Group {
  group: string;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
  /** The classes that occur in the group: UAR is the mean over these. */
  classesInTruth: string[];
  uar: Interval;
  accuracy: Interval;
}

/**
 * UAR and accuracy within groups of clips, with 95 % intervals over speakers. A group often lacks classes: its
 * UAR is the mean over the classes it has, which are listed.
 *
 * @param seeds the predictions of each seed, as for {@link uarInterval}
 * @param groups for each seed the group of each of its clips: speakers, sexes, sentences, intensities,
 *   corpora
 * @returns one entry per group, sorted by name; clips whose group is "" are left out
 * @throws {RangeError} when lengths do not match or seeds differ in clips
 * @example
 * const scored: Scored = {
 *   classes: ["anger", "neutral"],
 *   truth: [0, 1, 0, 1],
 *   predicted: [0, 0, 0, 1],
 *   speakers: ["ravdess/01", "ravdess/01", "ravdess/02", "ravdess/02"],
 * };
 * const bySex = breakdown([scored], [["male", "male", "female", "female"]]);
 * bySex.map(({ group, uar }) => [group, uar.estimate]); // => [["female", 1], ["male", 0.5]]
 */
export function breakdown(
  seeds: readonly Scored[],
  groups: readonly (readonly string[])[],
  options: BootstrapOptions = {},
): Group[] {
  checkSeeds(seeds);
  seeds.forEach(({ truth }, s) => {
    if (groups[s]?.length === truth.length) return;
    throw new RangeError(`${groups[s]?.length ?? 0} groups for ${truth.length} clips`);
  });
  const names = [...new Set(groups.flat())].filter((name) => name !== "").sort(byText);
  return names.map((group) => {
    const own = seeds.map((seed, s) => selectClips(seed, (i) => groups[s]![i] === group));
    const present = new Set(Array.from(own[0]!.truth));
    const { uar, accuracy } = confusionIntervals(own, { uar: uarOf, accuracy: accuracyOf }, options);
    return {
      group,
      n: uar.n,
      speakers: uar.speakers,
      classesInTruth: own[0]!.classes.filter((_, c) => present.has(c)),
      uar,
      accuracy,
    };
  });
}

/**
 * The predictions for some of the clips.
 *
 * @param scored predictions of one seed
 * @param keep whether to keep the clip of this index
 * @returns a new object; the classes stay the same
 * @example
 * const speakers = ["savee/DC", "savee/DC", "savee/JE"];
 * const scored: Scored = { classes: ["anger", "neutral"], truth: [0, 1, 1], predicted: [0, 1, 0], speakers };
 * selectClips(scored, (i) => scored.speakers[i] === "savee/DC").predicted; // => [0, 1]
 */
export function selectClips(scored: Scored, keep: (index: number) => boolean): Scored {
  const indices = scored.speakers.map((_, i) => i).filter(keep);
  return {
    classes: scored.classes,
    truth: indices.map((i) => scored.truth[i]!),
    predicted: indices.map((i) => scored.predicted[i]!),
    speakers: indices.map((i) => scored.speakers[i]!),
  };
}

/**
 * UAR on some of the clips, over the classes that these have.
 *
 * @example uarWithin(scored, (i) => scored.speakers[i] === "ravdess/12")
 */
export function uarWithin(scored: Scored, keep: (index: number) => boolean): number {
  const { classes, truth, predicted } = selectClips(scored, keep);
  return metrics(confusionCounts(truth, predicted, classes.length), classes).uar;
}
