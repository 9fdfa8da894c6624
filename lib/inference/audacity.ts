import type { EmotionWindow } from "./timeline.js";

/**
 * Intervals as a file of Audacity's labels: start and end in seconds and the emotion, separated by tabs; "?" for an abstention.
 * https://manual.audacityteam.org/man/importing_and_exporting_labels.html
 *
 * @param intervals see `timeline`
 * @example audacityLabels([{ start: 0, end: 1.5, emotion: "anger", ... }]) // "0.000000\t1.500000\tanger\n"
 */
export function audacityLabels(intervals: readonly EmotionWindow[]): string {
  return intervals
    .map(({ start, end, emotion }) => `${start.toFixed(6)}\t${end.toFixed(6)}\t${emotion ?? "?"}\n`)
    .join("");
}
