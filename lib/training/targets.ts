import { UsageError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import type { TrainingSettings } from "./settings.js";

/**
 * The target of each training clip: 1 for its class; with `softLabels` the shares of its raters' votes, so that the target of
 * a clip on which they disagree is less certain (Fayek et al. 2016). Votes for classes that the training does not have are
 * left out; a clip without a vote for any of them keeps its class.
 *
 * @param clips the training clips
 * @param labels the index of each clip's class
 * @returns for each clip, a probability for each class
 * @throws {UsageError} for `softLabels` when no clip has several votes
 * @example
 * targetsOf([{ votes: { anger: 3, fear: 1 } }], [0], ["anger", "fear"], { softLabels: true }) // [[0.75, 0.25]]
 */
export function targetsOf(
  clips: readonly Pick<Clip, "votes">[],
  labels: readonly number[],
  classes: readonly string[],
  { softLabels }: Pick<TrainingSettings, "softLabels">,
): number[][] {
  if (softLabels) assertRated(clips);
  return clips.map(({ votes = {} }, i) => {
    const given = softLabels ? classes.map((name) => votes[name] ?? 0) : [];
    const sum = given.reduce((a, b) => a + b, 0);
    return sum > 0 ? given.map((n) => n / sum) : classes.map((_, c) => (c === labels[i] ? 1 : 0));
  });
}

/** @throws {UsageError} when no clip has several votes */
export function assertRated(clips: readonly Pick<Clip, "votes">[]): void {
  if (clips.some(({ votes = {} }) => Object.values(votes).reduce((a, b) => a + b, 0) > 1)) return;
  throw new UsageError(
    "softLabels: no training clip has several raters: leave it out, or give a manifest with the columns emotion_1, emotion_2, ... or rater",
  );
}
