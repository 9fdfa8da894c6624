import { type Cell, csvLine, formatTable } from "../base/table.js";
import { percent, printable } from "../base/text.js";
import { EMOTIONS } from "../corpora/clip.js";
import type { EmotionModel, NoAnswer, Prediction } from "./model.js";
import { type EmotionWindow, timeline } from "./timeline.js";

/** One recording and its prediction. */
export interface Answer {
  /** The path as it was given; "-" for standard input. */
  file: string;
  prediction: Prediction;
}

/** What tables of predictions need of a model. */
export type NamedModel = Pick<EmotionModel, "card" | "sha256" | "threshold">;

/** What `ser predict --json` prints for one recording; times in seconds, probabilities in the order of `EMOTIONS`. */
export interface PredictionJson extends Omit<Prediction, "warnings"> {
  file: string;
  /** The run that made the model, and the SHA-256 of its weights. */
  model: { name: string; sha256: string };
}

/** A prediction as JSON. */
export function predictionJson({ file, prediction }: Answer, model: NamedModel): PredictionJson {
  const { duration, emotion, confidence, abstained, reason, probabilities, windows } = prediction;
  return {
    file,
    duration,
    model: { name: model.card.run, sha256: model.sha256 },
    ...{ emotion, confidence, abstained, ...(reason && { reason }) },
    probabilities: probabilities && inOrder(probabilities),
    windows: windows.map(windowJson),
  };
}

/** A window as in {@link predictionJson}. */
export function windowJson(window: EmotionWindow): EmotionWindow {
  return { ...window, probabilities: inOrder(window.probabilities) };
}

/**
 * Predictions as CSV: one row for a clip, one for each window of a long recording, one without numbers where there was nothing
 * to classify. The columns are file, start and end (s), emotion (empty for an abstention), confidence, the reason of an
 * abstention, and the probability of each class.
 *
 * @example
 * const model = await loadModel(await findModel());
 * const prediction = await model.predict("recording.wav");
 * const [header, row] = predictionCsv([{ file: "recording.wav", prediction }], model).split("\n");
 * header?.startsWith("file,start,end,emotion,confidence,reason,anger,disgust"); // => true
 * row?.split(",").length; // => header?.split(",").length
 */
export function predictionCsv(answers: readonly Answer[], model: NamedModel): string {
  return csvHeader(model) + answers.flatMap((answer) => csvRows(answer, model)).join("");
}

/** The first line of {@link predictionCsv}. */
export function csvHeader({ card }: NamedModel): string {
  return csvLine(["file", "start", "end", ...ANSWER_COLUMNS, ...orderedClasses(card.classes)]);
}

/** The lines of {@link predictionCsv} for one recording. */
export function csvRows({ file, prediction }: Answer, model: NamedModel): string[] {
  const { windows, duration } = prediction;
  if (windows.length > 0) return windows.map((window) => csvRow(file, window, model));
  return [csvLine([file, 0, duration, ...answerCells(prediction, model)])];
}

/** The line of {@link predictionCsv} for one window. */
export function csvRow(file: string, window: EmotionWindow, model: NamedModel): string {
  return csvLine([file, window.start, window.end, ...answerCells(window, model)]);
}

/** Columns of a table before the classes. */
export const ANSWER_COLUMNS = ["emotion", "confidence", "reason"];

/** A window or a whole prediction: what the columns of a table say of it. */
export type Decided = Pick<Prediction, "emotion" | "confidence" | "reason" | "probabilities">;

/** The cells of {@link ANSWER_COLUMNS} and of the classes. */
export function answerCells(
  { emotion, confidence, reason, probabilities }: Decided,
  { card }: NamedModel,
): Cell[] {
  const why = emotion === null ? (reason ?? "unsure") : "";
  return [emotion, confidence, why, ...orderedClasses(card.classes).map((name) => probabilities?.[name])];
}

/** An abstention in a table. */
export const WORDS: Record<NoAnswer, string> = {
  silence: "(silence)",
  noise: "(no voice)",
  "too short": "(too short)",
  unsure: "(unsure)",
};

/**
 * Predictions as a table for a terminal: probabilities in per cent, then the timeline of each long recording, then the run and
 * the weights of the model.
 *
 * @example
 * const model = await loadModel(await findModel());
 * const prediction = await model.predict("recording.wav");
 * console.log(predictionTable([{ file: "recording.wav", prediction }], model));
 */
export function predictionTable(answers: readonly Answer[], model: NamedModel): string {
  const classes = orderedClasses(model.card.classes);
  const shares = (probabilities: Record<string, number> | null) =>
    classes.map((name) => (probabilities?.[name] === undefined ? "" : percent(probabilities[name])));
  const rows = answers.map(({ file, prediction: { duration, emotion, reason, probabilities } }) => [
    ...[printable(file), duration.toFixed(2), emotion ?? WORDS[reason!]],
    ...shares(probabilities),
  ]);
  const long = answers.filter(({ prediction }) => prediction.windows.length > 1);
  const timelines = long.map(({ file, prediction }) => {
    const intervals = timeline(prediction.windows, model.threshold);
    const lines = intervals.map(({ start, end, emotion, probabilities }) => [
      ...[start.toFixed(2), end.toFixed(2), emotion ?? WORDS.unsure],
      ...shares(probabilities),
    ]);
    return `${printable(file)}\n${formatTable(["from s", "to s", "emotion", ...classes], lines)}`;
  });
  const named = `model: ${model.card.run}, SHA-256 ${model.sha256.slice(0, 12)}`;
  return [formatTable(["file", "s", "emotion", ...classes], rows), ...timelines, named].join("\n\n");
}

/** Classes in the order of `EMOTIONS`; others after them. */
export function orderedClasses(classes: readonly string[]): string[] {
  const known: readonly string[] = EMOTIONS;
  const place = (name: string) => (known.includes(name) ? known.indexOf(name) : known.length);
  return [...classes].sort((a, b) => place(a) - place(b));
}

/** Probabilities in the order of {@link orderedClasses}. */
export function inOrder(probabilities: Record<string, number>): Record<string, number> {
  return Object.fromEntries(
    orderedClasses(Object.keys(probabilities)).map((name) => [name, probabilities[name]!]),
  );
}
