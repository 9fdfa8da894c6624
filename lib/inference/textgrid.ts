import type { EmotionWindow } from "./timeline.js";

/**
 * Intervals as a Praat TextGrid (long text format) of two tiers, `emotion` and `confidence`; what no interval covers
 * is empty, an abstention is "?".
 * https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
 *
 * @param intervals in order, not overlapping; see {@link timeline}
 * @param duration seconds of the whole recording
 * @example await writeAtomic("talk.TextGrid", textGrid(timeline(windows), 600));
 */
export function textGrid(intervals: readonly EmotionWindow[], duration: number): string {
  const tiers = [
    tier(
      1,
      "emotion",
      filled(intervals, duration, ({ emotion }) => emotion ?? "?"),
      duration,
    ),
    tier(
      2,
      "confidence",
      filled(intervals, duration, (i) => i.confidence.toFixed(3)),
      duration,
    ),
  ];
  return [
    'File type = "ooTextFile"',
    'Object class = "TextGrid"',
    "",
    "xmin = 0",
    `xmax = ${duration}`,
    "tiers? <exists>",
    "size = 2",
    "item []:",
    ...tiers.flat(),
    "",
  ].join("\n");
}

interface Labelled {
  start: number;
  end: number;
  text: string;
}

/** With the gaps as empty intervals: a tier of Praat's has no holes. */
function filled(
  intervals: readonly EmotionWindow[],
  duration: number,
  text: (interval: EmotionWindow) => string,
): Labelled[] {
  const out: Labelled[] = [];
  let at = 0;
  for (const interval of intervals) {
    const end = Math.min(interval.end, duration);
    if (interval.start > at) out.push({ start: at, end: interval.start, text: "" });
    out.push({ start: interval.start, end, text: text(interval) });
    at = end;
  }
  if (at < duration || out.length === 0) out.push({ start: at, end: duration, text: "" });
  return out;
}

function tier(index: number, name: string, intervals: readonly Labelled[], duration: number): string[] {
  return [
    `    item [${index}]:`,
    '        class = "IntervalTier"',
    `        name = "${name}"`,
    "        xmin = 0",
    `        xmax = ${duration}`,
    `        intervals: size = ${intervals.length}`,
    ...intervals.flatMap(({ start, end, text }, i) => [
      `        intervals [${i + 1}]:`,
      `            xmin = ${start}`,
      `            xmax = ${end}`,
      `            text = "${text.replaceAll('"', '""')}"`,
    ]),
  ];
}
