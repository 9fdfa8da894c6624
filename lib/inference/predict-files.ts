import { messageOf, UserError } from "../base/errors.js";
import type { EmotionModel, Sound } from "./model.js";
import { findRecordings, readPiped, STANDARD_INPUT } from "./recordings.js";
import type { Answer } from "./report.js";

/** An answer as it comes, with the sound of standard input, which cannot be read again. */
export interface HeardAnswer extends Answer {
  sound?: Sound;
}

export interface PredictFilesOptions {
  signal?: AbortSignal;
  /** A file that is not there or cannot be read; the others are still heard. Default: a line on standard error. */
  onProblem?: (message: string) => void;
  /** How much of the file has been heard, from 0 to 1. */
  onProgress?: (share: number) => void;
  /** After each file, whether it could be read or not, with the number of all. */
  onFile?: (total: number) => void;
}

/**
 * Predicts many recordings, one after the other, and gives each answer as it comes.
 *
 * @param model see `loadModel`
 * @param paths files, folders (at any depth) and patterns such as `talks/*.wav`; "-" is standard input
 * @throws {UserError} when nothing at all is found
 * @throws {AbortError} when the signal comes
 * @example
 * const model = await loadModel(await findModel());
 * const answers = [];
 * for await (const answer of predictFiles(model, ["recordings"])) answers.push(answer);
 * await writeFile("answers.csv", predictionCsv(answers, model));
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
    await new Promise(setImmediate); // lets a Ctrl-C through
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
