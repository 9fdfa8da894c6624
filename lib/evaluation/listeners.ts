import { UserError } from "../base/errors.js";
import { byText } from "../base/text.js";
import { CREMAD_LISTENERS } from "../corpora/cremad-listeners.js";
import { CLIP_PARTS, type ListenerCounts, RATED_EMOTIONS } from "../corpora/ratings.js";
import { accuracyOf, type BootstrapOptions, countIntervals, type Interval, uarOf } from "./interval.js";
import { type Metrics, metrics } from "./metrics.js";

/** How well listeners recognise the intended emotions, by one measure. */
export interface ListenerScore {
  /** What was counted, in words. */
  measure: string;
  /** What `n` counts: ratings, or clips. */
  unit: "ratings" | "clips";
  uar: Interval;
  accuracy: Interval;
  /** Recall, precision and F1 of each emotion, and the confusion matrix. */
  metrics: Metrics;
}

/** Two measures of the same listeners, which must not be mixed up. */
export interface ListenerScores {
  /** Every rating is a prediction: the performance of one listener. */
  single: ListenerScore;
  /** The clip's most frequent rating is the prediction, a tie of k counts 1/k for each: the vote of about nine listeners. */
  majority: ListenerScore;
}

const MEASURES = {
  ratings: "single ratings of the voice alone",
  majority: "majority vote on the voice alone, ties counted 1/k",
};

/**
 * How well CREMA-D's listeners recognise the intended emotion from the voice alone (Cao et al. 2014): human
 * performance, to compare models with. The counts are part of the library, so no file is needed; all clips of
 * each speaker are counted.
 *
 * @param speakers `1001` or `cremad/1001`, for instance the speakers of a test part; default all 91
 * @throws {UserError} for a speaker who is not in CREMA-D
 * @example
 * const { single, majority } = listenerScores();
 * single.uar.estimate.toFixed(3); // => "0.407"
 * majority.uar.estimate > single.uar.estimate; // => true
 */
export function listenerScores(speakers?: readonly string[], options: BootstrapOptions = {}): ListenerScores {
  const all = publishedCounts();
  if (!speakers) return scoresOf(all, options);
  const chosen = new Map<string, ListenerCounts>();
  for (const name of speakers) {
    const speaker = name.replace(/^cremad\//, "");
    const counts = all.get(speaker);
    if (!counts) throw new UserError(`"${name}" is not a speaker of CREMA-D: they are 1001 to 1091`);
    chosen.set(speaker, counts);
  }
  return scoresOf(chosen, options);
}

function scoresOf(counts: ReadonlyMap<string, ListenerCounts>, options: BootstrapOptions): ListenerScores {
  return { single: scoreOf(counts, "ratings", options), majority: scoreOf(counts, "majority", options) };
}

function scoreOf(
  counts: ReadonlyMap<string, ListenerCounts>,
  kind: keyof ListenerCounts,
  options: BootstrapOptions,
): ListenerScore {
  const speakers = [...counts.keys()].sort(byText);
  const matrices = speakers.map((speaker) => counts.get(speaker)![kind]);
  const size = RATED_EMOTIONS.length;
  const unit = kind === "majority" ? CLIP_PARTS : 1;
  const confusion = RATED_EMOTIONS.map((_, t) =>
    RATED_EMOTIONS.map((_, p) => matrices.reduce((sum, own) => sum + own[t * size + p]!, 0) / unit),
  );
  const { uar, accuracy } = countIntervals(
    matrices,
    speakers,
    size,
    { uar: uarOf, accuracy: accuracyOf },
    options,
  );
  return {
    measure: MEASURES[kind],
    unit: kind === "majority" ? "clips" : "ratings",
    uar: { ...uar, n: uar.n / unit },
    accuracy: { ...accuracy, n: accuracy.n / unit },
    metrics: metrics(confusion, RATED_EMOTIONS),
  };
}

function publishedCounts(): Map<string, ListenerCounts> {
  const lines = CREMAD_LISTENERS.trim().split("\n");
  return new Map(
    lines.map((line) => {
      const [speaker, ratings, majority] = line.split(" ") as [string, string, string];
      return [speaker, { ratings: unpack(ratings), majority: unpack(majority) }];
    }),
  );
}

function unpack(text: string): Float64Array {
  return Float64Array.from(text.split(","), (count) => (count === "" ? 0 : Number.parseInt(count, 36)));
}
