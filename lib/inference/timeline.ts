/** The prediction from `start` to `end`, seconds. */
export interface EmotionWindow {
  start: number;
  end: number;
  /** `null` where the model abstains. */
  emotion: string | null;
  /** The largest of the probabilities. */
  confidence: number;
  /** By class, calibrated; they sum to 1. */
  probabilities: Record<string, number>;
}

/** The class of the largest probability; `emotion` is `null` when that is below the threshold. */
export function decide(
  probabilities: Record<string, number>,
  threshold: number,
): Pick<EmotionWindow, "emotion" | "confidence" | "probabilities"> {
  const [[emotion, confidence]] = Object.entries(probabilities).sort((a, b) => b[1] - a[1]) as [
    [string, number],
  ];
  return { emotion: confidence < threshold ? null : emotion, confidence, probabilities };
}

/** The mean of the windows' probabilities, each weighted by its length. */
export function meanProbabilities(windows: readonly EmotionWindow[]): Record<string, number> {
  const total = windows.reduce((sum, { start, end }) => sum + end - start, 0);
  return Object.fromEntries(
    Object.keys(windows[0]!.probabilities).map((name) => [
      name,
      windows.reduce((sum, { start, end, probabilities }) => {
        return sum + ((end - start) / total) * probabilities[name]!;
      }, 0),
    ]),
  );
}

/**
 * Turns overlapping windows into intervals that do not overlap. Where windows overlap, their probabilities are averaged:
 * each moment has the mean of all windows that cover it; there is no other smoothing. Neighbours of the same emotion are
 * joined. Pauses between pieces of speech stay gaps.
 *
 * @param windows in order of their starts
 * @param threshold confidence below which an interval's emotion is `null`; default 0
 * @example
 * const windows = [
 *   { start: 0, end: 2, emotion: "anger", confidence: 0.8, probabilities: { anger: 0.8, neutral: 0.2 } },
 *   { start: 1, end: 3, emotion: "neutral", confidence: 0.6, probabilities: { anger: 0.4, neutral: 0.6 } },
 * ];
 * timeline(windows).map(({ start, end, emotion }) => [start, end, emotion]); // => [[0, 2, "anger"], [2, 3, "neutral"]]
 */
export function timeline(windows: readonly EmotionWindow[], threshold = 0): EmotionWindow[] {
  const out: EmotionWindow[] = [];
  for (const moment of smoothed(windows, threshold)) {
    const before = out.at(-1);
    if (before?.end === moment.start && before.emotion === moment.emotion)
      out[out.length - 1] = joined(before, moment);
    else out.push(moment);
  }
  return out;
}

/**
 * As {@link timeline}, before neighbours are joined: one interval for each set of overlapping windows.
 *
 * @example
 * const windows = [
 *   { start: 0, end: 2, emotion: "anger", confidence: 0.8, probabilities: { anger: 0.8, neutral: 0.2 } },
 *   { start: 1, end: 3, emotion: "neutral", confidence: 0.6, probabilities: { anger: 0.4, neutral: 0.6 } },
 * ];
 * smoothed(windows).map(({ start, confidence }) => [start, confidence]); // => [[0, 0.8], [1, 0.6], [2, 0.6]]
 */
export function smoothed(windows: readonly EmotionWindow[], threshold = 0): EmotionWindow[] {
  const edges = [...new Set(windows.flatMap(({ start, end }) => [start, end]))].sort((a, b) => a - b);
  let first = 0;
  return edges.slice(1).flatMap((end, i) => {
    const start = edges[i]!;
    while (windows[first]!.end <= start) first++;
    const covering = [];
    for (let w = first; w < windows.length && windows[w]!.start <= start; w++)
      if (windows[w]!.end >= end) covering.push(windows[w]!);
    return covering.length > 0 ? [{ start, end, ...decide(equalMean(covering), threshold) }] : [];
  });
}

function equalMean(windows: readonly EmotionWindow[]): Record<string, number> {
  return meanProbabilities(windows.map((window) => ({ ...window, start: 0, end: 1 })));
}

function joined(a: EmotionWindow, b: EmotionWindow): EmotionWindow {
  const probabilities = meanProbabilities([a, b]);
  const confidence = Math.max(...Object.values(probabilities));
  return { start: a.start, end: b.end, emotion: a.emotion, confidence, probabilities };
}
