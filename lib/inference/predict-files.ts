import { messageOf, UserError } from "../base/errors.js";
import type { EmotionModel, Sound } from "./model.js";
import { findRecordings, readPiped, STANDARD_INPUT } from "./recordings.js";
import type { Answer } from "./report.js";

/** An answer, with the recording if it came from standard input, which cannot be read again. */
export interface HeardAnswer extends Answer {
  sound?: Sound;
}

/** Options of {@link predictFiles}. */
export interface PredictFilesOptions {
  /** Stops between two files, or two seconds of a long recording. */
  signal?: AbortSignal;
  /** Called for each file that is not found or cannot be read; the others are still predicted. Default: a line on standard error. */
  onProblem?: (message: string) => void;
  /** Share of the current file that has been processed, 0 to 1. */
  onProgress?: (share: number) => void;
  /** Called after each file, whether it could be read or not, with the number of all files. */
  onFile?: (total: number) => void;
}

/**
 * Predicts many recordings, one after the other, and yields each answer as soon as it is computed.
 *
 * @param model see `loadModel`
 * @param paths files, folders (at any depth) and patterns such as `talks/*.wav`; "-" is standard input
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
  paths: readonly string[],
  options: PredictFilesOptions = {},
): AsyncGenerator<HeardAnswer, void, undefined> {
  const { signal, onProgress, onFile } = options;
  const onProblem = options.onProblem ?? ((message) => void process.stderr.write(`${message}\n`));
  const { files, missing } = await findRecordings(paths);
  missing.forEach(onProblem);
  for (const file of files) {
    await new Promise(setImmediate); // lets Ctrl-C interrupt
    signal?.throwIfAborted();
    try {
      const sound = file === STANDARD_INPUT ? await readPiped(process.stdin, signal) : undefined;
      const prediction = await model.predict(sound ?? file, { signal, onProgress });
      const warnings = [...(sound?.warnings ?? []), ...prediction.warnings];
      yield { file, prediction: { ...prediction, warnings }, sound };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onProblem(messageOf(error));
    }
    onFile?.(files.length);
  }
}
