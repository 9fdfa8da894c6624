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

/** The figures of one speaker, one sex, one sentence, ... */
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
 * UAR and accuracy within groups of clips. A group often lacks classes: its UAR is over those it has, which
 * are named.
 *
 * @param seeds as for {@link uarInterval}
 * @param groups for each seed the group of each of its clips: speakers, sexes, sentences, intensities,
 *   corpora
 * @returns sorted by group; a clip whose group is "" is in none
 * @throws {RangeError} when lengths do not match or seeds differ in clips
 * @example breakdown([seed], [clips.map((clip) => clip.sex)])
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

/** The answers to some of the clips. */
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
 * UAR of the answers to some of the clips, over the classes that these have.
 *
 * @example uarWithin(scored, (i) => scored.speakers[i] === "ravdess/12")
 */
export function uarWithin(scored: Scored, keep: (index: number) => boolean): number {
  const { classes, truth, predicted } = selectClips(scored, keep);
  return metrics(confusionCounts(truth, predicted, classes.length), classes).uar;
}
