/** What is heard from `start` to `end`, seconds. */
export interface EmotionWindow {
  start: number;
  end: number;
  /** `null` where the model would not decide. */
  emotion: string | null;
  /** The largest of the probabilities. */
  confidence: number;
  /** By class, calibrated; they sum to 1. */
  probabilities: Record<string, number>;
}

/** Of the largest probability; `emotion` is `null` when it is under the threshold. */
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
 * Overlapping windows as intervals that do not overlap. Where windows overlap, their probabilities are averaged: each
 * moment has the mean of all windows that cover it, which is all the smoothing there is. Neighbours of the same
 * emotion become one. Pauses between pieces of speech stay gaps.
 *
 * @param windows in order of their starts
 * @param threshold confidence below which an interval's emotion is `null`
 * @example timeline(prediction.windows, model.threshold).map(({ start, end, emotion }) => [start, end, emotion])
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

/** As {@link timeline}, before neighbours are joined: an interval for each set of windows that overlap. */
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
