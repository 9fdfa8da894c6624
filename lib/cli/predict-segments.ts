import { UsageError, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import type { EmotionModel } from "../inference/model.js";
import { type Recordings, STANDARD_INPUT } from "../inference/recordings.js";
import type { Answer } from "../inference/report.js";
import { readSegments } from "../inference/segment-files.js";
import {
  segmentCsvHeader,
  segmentCsvRow,
  segmentJson,
  segmentTable,
  speakerShares,
} from "../inference/segment-report.js";
import { asPrediction, predictSegments, type SegmentAnswer } from "../inference/segments.js";
import { printJson } from "./common.js";

interface SegmentFlags {
  segments?: string;
  tier?: string;
  json?: boolean;
  jsonl?: boolean;
  csv?: boolean;
  quiet?: boolean;
}

/**
 * Prints one answer for each segment of a recording.
 *
 * @param say prints a line on standard error
 * @returns the recording, with the segments as its windows
 * @throws {UsageError} for several recordings, or standard input
 */
export async function hearSegments(
  model: EmotionModel,
  { files, missing, several }: Recordings,
  flags: SegmentFlags,
  signal: AbortSignal,
  say: (text: string) => void,
): Promise<Answer[]> {
  const [file] = files as [string];
  if (several || file === STANDARD_INPUT)
    throw new UsageError("--segments are those of one recording: give a single file");
  if (missing.length > 0) throw new UserError(missing.join("\n     "));
  const path = flags.segments!;
  const segments = await readSegments(path, { recording: file, tier: flags.tier });
  const progress = new Progress("predict", 100, { quiet: flags.quiet });
  let length = 0;
  const heard = predictSegments(model, file, segments, {
    signal,
    onProgress: (share) => progress.step(Math.floor(100 * share) - progress.count),
    onChecked: ({ problems, notes }, duration) => {
      length = duration;
      for (const text of problems) say(`${path}, ${text}: left out`);
      if (problems.length > 0) process.exitCode = 1;
      if (!flags.quiet) for (const text of notes) say(`${path}, ${text}`);
    },
  });
  const answers: SegmentAnswer[] = [];
  const warnings = new Set<string>();
  if (flags.csv) process.stdout.write(segmentCsvHeader(model));
  for await (const answer of heard) {
    answers.push(answer);
    for (const warning of answer.prediction.warnings) warnings.add(warning);
    if (process.stdout.isTTY) progress.clear();
    if (flags.csv) process.stdout.write(segmentCsvRow(file, answer, model));
    else if (flags.jsonl) process.stdout.write(`${JSON.stringify({ file, ...segmentJson(answer) })}\n`);
  }
  progress.done();
  if (!flags.quiet) for (const warning of warnings) say(`${file}: ${warning}`);
  if (flags.json)
    printJson({
      ...{ file, duration: length, model: { name: model.card.run, sha256: model.sha256 } },
      segments: answers.map(segmentJson),
      speakers: speakerShares(answers, model.card.classes),
    });
  else if (!flags.csv && !flags.jsonl && answers.length > 0)
    process.stdout.write(`${segmentTable(answers, model)}\n`);
  return [{ file, prediction: asPrediction(answers, length, model.threshold) }];
}
