import { groupBy } from "../base/group.js";
import { type Cell, csvLine, formatTable } from "../base/table.js";
import { byText, percent, printable } from "../base/text.js";
import { ANSWER_COLUMNS, answerCells, inOrder, type NamedModel, orderedClasses, WORDS } from "./report.js";
import type { SegmentAnswer } from "./segments.js";

/** The first line of the CSV of segments. */
export function segmentCsvHeader({ card }: NamedModel): string {
  return csvLine([
    "file",
    "start",
    "end",
    "speaker",
    "label",
    ...ANSWER_COLUMNS,
    ...orderedClasses(card.classes),
  ]);
}

/** The line of one segment. */
export function segmentCsvRow(
  file: string,
  { segment: { start, end, speaker, label }, prediction }: SegmentAnswer,
  model: NamedModel,
): string {
  return csvLine([file, start, end, speaker, label, ...answerCells(prediction, model)]);
}

/** A segment as JSON; times in seconds. */
export function segmentJson({ segment, prediction }: SegmentAnswer) {
  const { start, end, speaker, label } = segment;
  const { emotion, confidence, abstained, reason, probabilities } = prediction;
  return {
    ...{ start, end, speaker: speaker ?? null, label: label ?? null },
    ...{ emotion, confidence, abstained, ...(reason && { reason }) },
    probabilities: probabilities && inOrder(probabilities),
  };
}

/** How one speaker sounds, over all segments. */
export interface SpeakerShares {
  speaker: string;
  segments: number;
  seconds: number;
  /** By class: the share of these seconds that has the emotion. */
  shares: Record<string, number>;
  /** The share without an answer. */
  none: number;
}

/**
 * Seconds and share of each emotion by speaker; by label, where no segment has a speaker and labels are used again and again. Segments
 * of neither belong to "(all)".
 */
export function speakerShares(
  answers: readonly SegmentAnswer[],
  classes: readonly string[],
): SpeakerShares[] {
  const hasSpeakers = answers.some(({ segment }) => segment.speaker !== undefined);
  const labels = new Set(answers.map(({ segment }) => segment.label));
  const byLabel = !hasSpeakers && 2 * labels.size <= answers.length;
  const groups = groupBy(answers, ({ segment }) => {
    const name = hasSpeakers ? segment.speaker : byLabel ? segment.label : undefined;
    return name ?? (hasSpeakers ? "(no name)" : "(all)");
  });
  return [...groups]
    .sort(([a], [b]) => byText(a, b))
    .map(([speaker, own]) => {
      const secondsOf = (some: readonly SegmentAnswer[]) =>
        some.reduce((sum, { segment }) => sum + segment.end - segment.start, 0);
      const seconds = secondsOf(own);
      const share = (emotion: string | null) =>
        secondsOf(own.filter(({ prediction }) => prediction.emotion === emotion)) / seconds;
      return {
        ...{ speaker, segments: own.length, seconds },
        shares: Object.fromEntries(orderedClasses(classes).map((name) => [name, share(name)])),
        none: share(null),
      };
    });
}

/** Segments as a table for a terminal, then the speakers. */
export function segmentTable(answers: readonly SegmentAnswer[], model: NamedModel): string {
  const classes = orderedClasses(model.card.classes);
  const rows = answers.map(({ segment, prediction }): Cell[] => [
    ...[segment.start.toFixed(2), segment.end.toFixed(2), printable(segment.speaker ?? segment.label ?? "")],
    ...[prediction.emotion ?? WORDS[prediction.reason!], percentOf(prediction.confidence)],
  ]);
  const speakers = speakerShares(answers, classes).map(
    ({ speaker, segments, seconds, shares, none }): Cell[] => [
      ...[printable(speaker), segments, seconds.toFixed(2)],
      ...classes.map((name) => percent(shares[name]!)),
      percent(none),
    ],
  );
  const named = `model: ${model.card.run}, SHA-256 ${model.sha256.slice(0, 12)}`;
  return [
    formatTable(["from s", "to s", "speaker", "emotion", "confidence"], rows),
    formatTable(["% of the seconds", "segments", "s", ...classes, "none"], speakers),
    named,
  ].join("\n\n");
}

function percentOf(confidence: number | null): string {
  return confidence === null ? "" : percent(confidence);
}
