import { LevelMeter } from "../audio/level.js";
import { messageOf, UserError } from "../base/errors.js";
import { concatenated } from "../base/matrix.js";
import { toStderr } from "../base/progress.js";
import { type EmotionModel, last, levelWarnings, type Prediction, UTTERANCE } from "./model.js";
import { openPiped } from "./piped.js";
import type { RawFormat } from "./raw.js";
import { findRecordings, type Recordings, STANDARD_INPUT } from "./recordings.js";
import type { Answer } from "./report.js";
import type { EmotionWindow } from "./timeline.js";

/** Options of {@link predictFiles}. */
export interface PredictFilesOptions {
  /** Stops between two files, or two seconds of a long recording. */
  signal?: AbortSignal;
  /** Called for each file that is not found or cannot be read; the others are still predicted. Default: a line on standard error. */
  onProblem?: (message: string) => void;
  /** Share of the current file that has been processed, 0 to 1. */
  onProgress?: (share: number) => void;
  /**
   * Called with each window of a long recording as soon as it is over. A recording from standard input that states no length may
   * turn out to be of at most 8 s: its answer is then one for the whole, and these windows are not part of it.
   */
  onWindow?: (window: EmotionWindow, file: string) => void;
  /** Called with each piece of sound from standard input, which cannot be read again; mono, and its rate in Hz. */
  onSound?: (samples: Float32Array, sampleRate: number) => void;
  /** Standard input is samples without a header. */
  raw?: RawFormat;
  /** Called after each file, whether it could be read or not, with the number of all files. */
  onFile?: (total: number) => void;
}

/**
 * Predicts many recordings, one after the other, and yields each answer as soon as it is computed.
 *
 * @param model see `loadModel`
 * @param paths files, folders (at any depth) and patterns such as `talks/*.wav`; "-" is standard input; or what
 *   `findRecordings` found
 * @throws {UserError} when no recording is found
 * @throws {AbortError} when `signal` is aborted
 * @example
 * const model = await loadModel(await findModel());
 * const answers: Answer[] = [];
 * for await (const answer of predictFiles(model, ["recordings"])) answers.push(answer);
 * answers.length; // => 2
 */
export async function* predictFiles(
  model: EmotionModel,
  paths: readonly string[] | Recordings,
  options: PredictFilesOptions = {},
): AsyncGenerator<Answer, void, undefined> {
  const { signal, onProgress, onFile } = options;
  const onProblem = options.onProblem ?? toStderr;
  const { files, missing } = "files" in paths ? paths : await findRecordings(paths);
  missing.forEach(onProblem);
  for (const file of files) {
    await new Promise(setImmediate); // lets Ctrl-C interrupt
    signal?.throwIfAborted();
    const onWindow = (window: EmotionWindow) => options.onWindow?.(window, file);
    try {
      const prediction =
        file === STANDARD_INPUT
          ? await predictPiped(model, { ...options, onWindow })
          : await model.predict(file, { signal, onProgress, onWindow });
      yield { file, prediction };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onProblem(messageOf(error));
    }
    onFile?.(files.length);
  }
}

/**
 * Predicts what comes through standard input: where it states no length of at most 8 s, windows are told as they are over. The
 * prediction is that of the same sound in a file.
 */
async function predictPiped(
  model: EmotionModel,
  {
    raw,
    signal,
    onSound,
    onProgress,
    onWindow,
  }: PredictFilesOptions & { onWindow: (window: EmotionWindow) => void },
): Promise<Prediction> {
  const input = process.stdin;
  try {
    const piped = await openPiped(input, { raw, signal });
    const { sampleRate, format, warnings } = piped;
    const whole = async (samples: Float32Array) => {
      onSound?.(samples, sampleRate);
      const sound = { samples, sampleRate, format };
      return model.predict(sound, { signal, onProgress, onWindow });
    };
    const meter = new LevelMeter(format.bitsPerSample);
    async function* heard(sound: AsyncIterable<Float32Array>) {
      for await (const piece of sound) {
        meter.push(piece);
        onSound?.(piece, sampleRate);
        yield piece;
      }
    }
    const isShort = "pieces" in piped && piped.duration !== undefined && piped.duration <= UTTERANCE;
    const prediction =
      "samples" in piped
        ? await whole(piped.samples)
        : isShort
          ? await whole(await joined(piped.pieces()))
          : await last(model.stream(heard(piped.pieces()), sampleRate), onWindow);
    return { ...prediction, warnings: [...warnings, ...levelWarnings(meter), ...prediction.warnings] };
  } finally {
    // After an error there may be more to come, which would keep the process waiting.
    input.destroy();
  }
}

async function joined(pieces: AsyncIterable<Float32Array>): Promise<Float32Array> {
  const all: Float32Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concatenated(all);
}
