import { readAudio } from "../audio/read.js";
import { openAudio } from "../audio/stream.js";
import { UserError } from "../base/errors.js";
import {
  type Envelope,
  emotionPrediction,
  emotionTimeline,
  envelopeOf,
  saveFigure,
} from "../figures/index.js";
import { type EmotionModel, type Prediction, type Sound, smoothed } from "../inference/model.js";
import { drawing } from "../runs/pictures.js";

/** A recording and its prediction, to be drawn. */
interface Drawn {
  file: string;
  prediction: Prediction;
  /** Default: read from the file again. */
  sound?: Sound;
}

/** The most panels that `emotionPrediction` draws. */
const MOST = 9;

/** Columns of a waveform; no figure is wider in pixels. */
const COLUMNS = 1200;

/**
 * Draws one long recording as a timeline, else up to nine recordings with the probabilities of each.
 *
 * @throws {AbortError} when the signal is aborted
 * @throws {UserError} when no recording has a prediction, or the figure cannot be written
 */
export async function drawAnswers(
  path: string,
  answers: readonly Drawn[],
  model: EmotionModel,
  signal: AbortSignal,
): Promise<void> {
  const judged = answers.filter(({ prediction }) => prediction.probabilities);
  if (judged.length === 0) throw new UserError(`${path} was not drawn: no recording has a prediction`);
  const { synthetic, run } = model.card;
  const [first] = judged as [Drawn];
  if (judged.length === 1 && first.prediction.windows.length > 1) {
    const { windows, duration } = first.prediction;
    const figure = emotionTimeline({
      duration,
      windows: smoothed(windows, model.threshold),
      envelope: await outlineOf(first),
      subtitle: `${first.file}, by ${run}`,
      synthetic,
    });
    return saveFigure(figure, path);
  }
  if (judged.length > MOST)
    process.stderr.write(`ser: ${path} shows the first ${MOST} of ${judged.length} recordings\n`);
  const drawn = drawing();
  const clips = [];
  for (const { file, prediction, sound } of judged.slice(0, MOST)) {
    await new Promise(setImmediate); // lets a Ctrl-C be handled
    signal.throwIfAborted();
    clips.push({
      id: file,
      ...drawn(sound ?? (await readAudio(file))),
      predicted: prediction.emotion,
      probabilities: prediction.probabilities!,
    });
  }
  await saveFigure(emotionPrediction({ clips, subtitle: `by ${run}`, synthetic }), path);
}

/** The waveform's outline; a file is read piece by piece, so that memory does not grow with its length. */
async function outlineOf({ file, prediction, sound }: Drawn): Promise<Envelope> {
  const stream = sound ? undefined : openAudio(file);
  if (!stream) {
    const { samples, sampleRate } = sound ?? (await readAudio(file));
    return envelopeOf(samples, sampleRate, COLUMNS);
  }
  const low = new Float32Array(COLUMNS);
  const high = new Float32Array(COLUMNS);
  const total = stream.duration * stream.sampleRate;
  let at = 0;
  for (const piece of stream.pieces()) {
    for (const sample of piece) {
      const column = Math.min(COLUMNS - 1, Math.floor((at++ * COLUMNS) / total));
      if (sample < low[column]!) low[column] = sample;
      if (sample > high[column]!) high[column] = sample;
    }
  }
  return { low, high, seconds: prediction.duration };
}
