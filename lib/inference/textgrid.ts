import type { EmotionWindow } from "./timeline.js";

/**
 * Intervals as a Praat TextGrid (long text format) with two interval tiers, `emotion` and `confidence`. Gaps are empty
 * intervals; the emotion of an abstention is "?".
 * https://www.fon.hum.uva.nl/praat/manual/TextGrid_file_formats.html
 *
 * @param intervals in order, not overlapping; see `timeline`
 * @param duration length of the whole recording, seconds
 * @example
 * import { writeFile } from "node:fs/promises";
 * const model = await loadModel(await findModel());
 * const { duration, windows } = await model.predict("talk.wav");
 * await writeFile("talk.TextGrid", textGrid(timeline(windows, model.threshold), duration));
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

/** With the gaps as empty intervals: a Praat tier must not have gaps. */
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
