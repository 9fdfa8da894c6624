import { dirname, relative } from "node:path";
import { type Command, Option } from "commander";
import { Interrupted, UsageError } from "../base/errors.js";
import { plural, printable } from "../base/text.js";
import type { EmotionModel } from "../inference/model.js";
import { RAW_ENCODINGS, type RawFormat } from "../inference/raw.js";
import type { Recordings } from "../inference/recordings.js";
import type { Answer } from "../inference/report.js";
import { fileOf, interruptSignal, numberIn, outputReader, PICTURE_ENDINGS } from "./common.js";
import type { Sounds } from "./predict-figure.js";

interface PredictFlags {
  model?: string;
  threshold?: number;
  json?: boolean;
  jsonl?: boolean;
  csv?: boolean;
  skipDone?: string;
  raw?: RawFormat["encoding"];
  rate?: number;
  channels?: number;
  segments?: string;
  tier?: string;
  textgrid?: string;
  audacity?: string;
  labelStudio?: string;
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
    .option("--jsonl", "print JSON lines: an object for each recording as soon as it is predicted")
    .option(
      "--csv",
      "print CSV: one row for each clip, or for each window of a long recording, as it is made",
    )
    .option(
      "--skip-done <file>",
      "leave out what is in this file of an earlier --csv or --jsonl; print the rest",
    )
    .addOption(
      new Option("--raw <format>", "standard input is samples without a header").choices(
        Object.keys(RAW_ENCODINGS),
      ),
    )
    .option("--rate <hz>", "sampling rate of --raw", numberIn(1000, 768_000, true))
    .option("--channels <n>", "channels of --raw (default: 1)", numberIn(1, 64, true))
    .option(
      "--segments <file>",
      "predict the segments of one recording: TextGrid, RTTM, SRT, WebVTT, Audacity labels, or CSV with start, end, speaker",
    )
    .option("--tier <name>", "only this interval tier of a TextGrid of --segments")
    .option(
      "--textgrid <file>",
      "write the timeline of one recording to a .TextGrid file for Praat",
      fileOf(".TextGrid"),
    )
    .option(
      "--audacity <file>",
      "write the timeline of one recording to a .txt file of labels for Audacity",
      fileOf(".txt"),
    )
    .option(
      "--label-studio <file>",
      "write the timelines to a .json file of tasks for Label Studio",
      fileOf(".json"),
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

Rows of --csv and --jsonl are written one by one, so a stop leaves whole rows. To go on, give the
same command with --skip-done FILE and >> FILE.

--segments gives one prediction for each segment, with its speaker and label, and a table by speaker.
Segments that are empty, end before they start or lie outside the recording are named and left out
(exit code 1). Several interval tiers of a TextGrid are several speakers.

"-" is standard input. A WAV or --raw is predicted while it arrives: each window is printed when it
is over (a row of --csv, a line of --jsonl or of the table), and the answer for the whole comes at the
end of the input. If that is within 8 s and the header does not state a length, it is one utterance:
its answer is the last row, after those of its windows. Other formats are read to the end first.

Examples:
  ser predict recording.wav
  ser predict interviews/ "more/**/*.flac" --csv > answers.csv
  ser predict interviews/ "more/**/*.flac" --csv --skip-done answers.csv >> answers.csv
  ser predict long.wav --textgrid long.TextGrid --figure long.png
  ser predict long.wav --audacity labels.txt --label-studio tasks.json
  ser predict meeting.wav --segments meeting.rttm --csv > meeting.csv
  ser predict interview.wav --segments interview.TextGrid --tier guest
  ser predict -- -name-with-a-dash.wav
  ffmpeg -i film.mkv -f wav - | ser predict - --json
  arecord -t raw -f S16_LE -r 16000 | ser predict - --raw s16le --rate 16000 --csv
  ser predict --model ravdess-cnn-0123456789ab --threshold 0 *.wav`,
    )
    .action(predict);
}

/** The outputs for which answers are kept to the end. */
const KEPT = ["textgrid", "audacity", "labelStudio", "figure"] as const;

/** The forms of the output; without one it is a table. */
const FORMS = ["json", "jsonl", "csv"] as const;

async function predict(paths: string[], flags: PredictFlags): Promise<void> {
  checkFlags(paths, flags);
  const [{ loadModel }, { findModel, isShipped }, { findRecordings }, { assertWritable }] = await Promise.all(
    [
      import("../inference/model.js"),
      import("../inference/find.js"),
      import("../inference/recordings.js"),
      import("../base/atomic.js"),
    ],
  );
  const recordings = await findRecordings(paths);
  const single = (["textgrid", "audacity"] as const).find((name) => flags[name]);
  if (single && recordings.several)
    throw new UsageError(`--${single} writes the timeline of one recording: give a single file`);
  // Known now rather than when everything has been predicted.
  for (const path of KEPT.flatMap((name) => flags[name] ?? []))
    await assertWritable(dirname(path), "name another file");
  const folder = await findModel(flags.model);
  const model = await loadModel(folder, { threshold: flags.threshold });
  if (!flags.quiet) {
    if (flags.model === undefined && isShipped(folder))
      say(`model: ${relative("", folder)} (for research only; its README.md says what it is not fit for)`);
    if (model.card.synthetic) say("the model was trained on SYNTHETIC voices: not for real use");
    recordings.passedOver?.forEach(say);
  }
  const signal = interruptSignal();
  const figures = flags.figure === undefined ? undefined : await import("./predict-figure.js");
  const sounds = figures && new figures.Sounds();
  const hearing = flags.segments
    ? (await import("./predict-segments.js")).hearSegments(model, recordings, flags, signal, say)
    : hear(model, recordings, flags, signal, sounds);
  const answers = await hearing.catch((error) => {
    const canGoOn =
      (flags.csv || flags.jsonl) && !flags.segments && !paths.includes("-") && !outputReader.isGone;
    if (!signal.aborted || !canGoOn) throw error;
    throw new Interrupted(
      "stopped: the rows so far are whole; to go on, give the same command with --skip-done FILE and >> FILE",
    );
  });
  if (answers.length === 0) return;
  await writeTimelines(answers, flags, model);
  if (figures) await figures.drawAnswers(flags.figure!, answers, model, signal, sounds!);
}

/** @throws {UsageError} for options that do not go together */
function checkFlags(paths: readonly string[], flags: PredictFlags): void {
  const forms = FORMS.filter((name) => flags[name]);
  if (forms.length > 1)
    throw new UsageError(`--${forms[0]} and --${forms[1]} exclude each other: give only one of them`);
  const { raw, rate, channels, skipDone } = flags;
  if (!raw && (rate ?? channels) !== undefined)
    throw new UsageError("--rate and --channels describe the samples of --raw: give it as well");
  if (raw && (rate === undefined || !paths.includes("-")))
    throw new UsageError("--raw describes standard input: ser predict - --raw s16le --rate 16000");
  if (flags.tier !== undefined && flags.segments === undefined)
    throw new UsageError("--tier is one of a TextGrid: give it with --segments FILE");
  if (skipDone === undefined) return;
  if (!flags.csv && !flags.jsonl) throw new UsageError("--skip-done goes with --csv or --jsonl");
  const other = (["segments", ...KEPT] as const).find((name) => flags[name] !== undefined);
  if (paths.includes("-") || other)
    throw new UsageError(
      `--skip-done does not go with ${other ? `--${other.replace("labelStudio", "label-studio")}` : "standard input"}`,
    );
}

function say(text: string): void {
  process.stderr.write(`ser: ${printable(text)}\n`);
}

/** Prints the predictions of all files as they are made; a file that fails is reported, and the others are still predicted. */
async function hear(
  model: EmotionModel,
  recordings: Recordings,
  flags: PredictFlags,
  signal: AbortSignal,
  sounds: Sounds | undefined,
): Promise<Answer[]> {
  const [{ Progress }, { predictFiles }, { outputOf }, { csvHeader }, { readDone }] = await Promise.all([
    import("../base/progress.js"),
    import("../inference/predict-files.js"),
    import("./predict-output.js"),
    import("../inference/report.js"),
    import("./predict-done.js"),
  ]);
  const { quiet, skipDone } = flags;
  const done =
    skipDone === undefined ? undefined : await readDone(skipDone, flags.csv ? csvHeader(model) : undefined);
  const files = recordings.files.filter((file) => !done?.files.has(file));
  if (done && !quiet && files.length < recordings.files.length)
    say(`${skipDone} has ${plural(recordings.files.length - files.length, "recording")} already`);
  // One file may be long: its progress is in percent.
  const single = files.length === 1;
  const progress = new Progress("predict", single ? 100 : files.length, { quiet });
  const print = (lines: string) => {
    if (process.stdout.isTTY) progress.clear();
    process.stdout.write(lines);
  };
  const output = outputOf(flags, { model, print, printed: done, several: recordings.several });
  const answers: Answer[] = [];
  output.begin();
  const heard = predictFiles(
    model,
    { ...recordings, files },
    {
      signal,
      raw: flags.raw && { encoding: flags.raw, sampleRate: flags.rate!, channels: flags.channels ?? 1 },
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
      onWindow: output.window,
      ...(sounds && { onSound: (samples: Float32Array, rate: number) => sounds.take(samples, rate) }),
    },
  );
  for await (const answer of heard) {
    if (!quiet) for (const warning of answer.prediction.warnings) say(`${answer.file}: ${warning}`);
    output.answer(answer);
    if (KEPT.some((name) => flags[name])) answers.push(answer);
  }
  progress.done();
  output.end();
  return answers;
}

async function writeTimelines(
  answers: readonly Answer[],
  { textgrid, audacity, labelStudio }: PredictFlags,
  model: EmotionModel,
): Promise<void> {
  if (!textgrid && !audacity && !labelStudio) return;
  const [{ writeAtomic, writeJson }, { textGrid }, { audacityLabels }, { labelStudioTasks }, { timeline }] =
    await Promise.all([
      import("../base/atomic.js"),
      import("../inference/textgrid.js"),
      import("../inference/audacity.js"),
      import("../inference/label-studio.js"),
      import("../inference/timeline.js"),
    ]);
  const { windows, duration } = answers[0]!.prediction;
  const intervals = timeline(windows, model.threshold);
  if (textgrid) await writeAtomic(textgrid, textGrid(intervals, duration));
  if (audacity) await writeAtomic(audacity, audacityLabels(intervals));
  if (labelStudio) await writeJson(labelStudio, labelStudioTasks(answers, model));
}
