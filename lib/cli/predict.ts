import { relative } from "node:path";
import type { Command } from "commander";
import { UsageError } from "../base/errors.js";
import type { EmotionModel, Prediction } from "../inference/model.js";
import type { HeardAnswer } from "../inference/predict-files.js";
import { fileOf, interruptSignal, numberIn, PICTURE_ENDINGS, printJson } from "./common.js";

interface PredictFlags {
  model?: string;
  threshold?: number;
  json?: boolean;
  csv?: boolean;
  textgrid?: string;
  figure?: string;
  quiet?: boolean;
}

/** `ser predict`: predicts the emotion of recordings. */
export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("Predict the emotion in recordings with a trained model.")
    .argument(
      "<paths...>",
      'sound files, folders of sound files, patterns in quotes, or "-" for standard input',
    )
    .option(
      "--model <run|dir>",
      "name or folder of a run, or folder of a model (default: results/model, else that of the newest run)",
    )
    .option(
      "--threshold <p>",
      "confidence below which the model abstains; with 0 it never does (default: the model's own)",
      numberIn(0, 1),
    )
    .option("--json", "print JSON: an object for one file, an array for several")
    .option("--csv", "print CSV: one row for each clip, or for each window of a long recording")
    .option(
      "--textgrid <file>",
      "write the timeline of one recording to a .TextGrid file for Praat",
      fileOf(".TextGrid"),
    )
    .option(
      "--figure <file>",
      "draw a figure of one long recording or of up to nine clips: .png, .svg or .html",
      fileOf(...PICTURE_ENDINGS),
    )
    .option("--quiet", "print only the predictions: no progress and no warnings")
    .addHelpText(
      "after",
      `
A recording of up to 8 s is treated as one utterance with one prediction. In a longer one, the
parts with voice are cut into windows of the length that the model was trained on, overlapping by
half; the prediction at a moment is the mean over the windows that cover it. Probabilities are
calibrated. The model abstains ("unsure") if its confidence is below the threshold, which was
chosen on validation.

Examples:
  ser predict recording.wav
  ser predict interviews/ "more/**/*.flac" --csv > answers.csv
  ser predict long.wav --textgrid long.TextGrid --figure long.png
  ffmpeg -i film.mkv -f wav - | ser predict - --json
  ser predict --model ravdess-cnn-0123456789ab --threshold 0 *.wav`,
    )
    .action(predict);
}

async function predict(paths: string[], flags: PredictFlags): Promise<void> {
  if (flags.json && flags.csv)
    throw new UsageError("--json and --csv exclude each other: give only one of them");
  const [{ loadModel }, { findModel, isShipped }, { findRecordings }, report] = await Promise.all([
    import("../inference/model.js"),
    import("../inference/find.js"),
    import("../inference/recordings.js"),
    import("../inference/report.js"),
  ]);
  const { files, several } = await findRecordings(paths);
  if (flags.textgrid && several)
    throw new UsageError("--textgrid writes the timeline of one recording: give a single file");
  const folder = await findModel(flags.model);
  const model = await loadModel(folder, { threshold: flags.threshold });
  if (flags.model === undefined && isShipped(folder) && !flags.quiet) {
    const place = relative("", folder);
    process.stderr.write(
      `ser: model: ${place} (for research only; its README.md says what it is not fit for)\n`,
    );
  }
  const signal = interruptSignal();
  const answers = await hear(model, paths, files.length, flags, signal);
  if (answers.length === 0) return;
  const { predictionCsv, predictionJson, predictionTable } = report;
  if (flags.json) {
    const objects = answers.map((answer) => predictionJson(answer, model));
    printJson(several ? objects : objects[0]);
  } else if (flags.csv) process.stdout.write(predictionCsv(answers, model));
  else process.stdout.write(`${predictionTable(answers, model)}\n`);
  if (flags.textgrid) await writeTextGrid(flags.textgrid, answers[0]!.prediction, model);
  if (flags.figure) {
    const { drawAnswers } = await import("./predict-figure.js");
    await drawAnswers(flags.figure, answers, model, signal);
  }
}

/** The predictions of all files; a file that fails is reported at once, and the others are still predicted. */
async function hear(
  model: EmotionModel,
  paths: readonly string[],
  count: number,
  { quiet }: PredictFlags,
  signal: AbortSignal,
): Promise<HeardAnswer[]> {
  const [{ Progress }, { predictFiles }] = await Promise.all([
    import("../base/progress.js"),
    import("../inference/predict-files.js"),
  ]);
  const say = (text: string) => process.stderr.write(`ser: ${text}\n`);
  if (model.card.synthetic && !quiet) say("the model was trained on SYNTHETIC voices: not for real use");
  // One file may be long: its progress is in percent.
  const single = count === 1;
  const progress = new Progress("predict", single ? 100 : count, { quiet });
  const heard = predictFiles(model, paths, {
    signal,
    onProblem: (message) => {
      say(message);
      process.exitCode = 1;
    },
    onProgress: (share) => {
      if (single) progress.step(Math.floor(100 * share) - progress.count);
    },
    onFile: () => {
      if (!single) progress.step();
    },
  });
  const answers: HeardAnswer[] = [];
  for await (const answer of heard) {
    if (!quiet) for (const warning of answer.prediction.warnings) say(`${answer.file}: ${warning}`);
    answers.push(answer);
  }
  progress.done();
  return answers;
}

async function writeTextGrid(path: string, { windows, duration }: Prediction, model: EmotionModel) {
  const [{ writeAtomic }, { textGrid }, { timeline }] = await Promise.all([
    import("../base/atomic.js"),
    import("../inference/textgrid.js"),
    import("../inference/timeline.js"),
  ]);
  await writeAtomic(path, textGrid(timeline(windows, model.threshold), duration));
}
