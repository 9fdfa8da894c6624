import { readAudio } from "../audio/read.js";
import { openAudio } from "../audio/stream.js";
import { UserError } from "../base/errors.js";
import { concatenated } from "../base/matrix.js";
import { type Envelope, emotionPrediction, emotionTimeline, saveFigure } from "../figures/index.js";
import { type EmotionModel, type Sound, smoothed, UTTERANCE } from "../inference/model.js";
import { STANDARD_INPUT } from "../inference/recordings.js";
import type { Answer } from "../inference/report.js";
import { drawing } from "../runs/pictures.js";

/** The most panels that `emotionPrediction` draws. */
const MOST = 9;

/** Columns of a waveform; no figure is wider in pixels. */
const COLUMNS = 1200;

/**
 * Draws one long recording as a timeline, else up to nine recordings with the probabilities of each.
 *
 * @param piped what came through standard input
 * @throws {AbortError} when the signal is aborted
 * @throws {UserError} when no recording has a prediction, or the figure cannot be written
 */
export async function drawAnswers(
  path: string,
  answers: readonly Answer[],
  model: EmotionModel,
  signal: AbortSignal,
  piped: Sounds,
): Promise<void> {
  const judged = answers.filter(({ prediction }) => prediction.probabilities);
  if (judged.length === 0) throw new UserError(`${path} was not drawn: no recording has a prediction`);
  const { synthetic, run } = model.card;
  const [first] = judged as [Answer];
  if (judged.length === 1 && first.prediction.duration > UTTERANCE) {
    const { windows, duration } = first.prediction;
    const figure = emotionTimeline({
      duration,
      windows: smoothed(windows, model.threshold),
      envelope: first.file === STANDARD_INPUT ? piped.envelope : await envelopeOf(first.file),
      subtitle: `${first.file}, by ${run}`,
      synthetic,
    });
    return saveFigure(figure, path);
  }
  if (judged.length > MOST)
    process.stderr.write(`ser: ${path} shows the first ${MOST} of ${judged.length} recordings\n`);
  const drawn = drawing();
  const clips = [];
  for (const { file, prediction } of judged.slice(0, MOST)) {
    await new Promise(setImmediate); // lets a Ctrl-C be handled
    signal.throwIfAborted();
    clips.push({
      id: file,
      ...drawn(file === STANDARD_INPUT ? piped.sound : await readAudio(file)),
      predicted: prediction.emotion,
      probabilities: prediction.probabilities!,
    });
  }
  await saveFigure(emotionPrediction({ clips, subtitle: `by ${run}`, synthetic }), path);
}

/** A recording as a figure needs it, piece by piece, so that memory does not grow with its length. */
export class Sounds {
  readonly #head: Float32Array[] = [];
  #low = new Float32Array(2 * COLUMNS);
  #high = new Float32Array(2 * COLUMNS);
  /** Samples a column. */
  #width = 1;
  #count = 0;
  #rate = 1;

  take(samples: Float32Array, sampleRate: number): void {
    this.#rate = sampleRate;
    if (this.#count <= UTTERANCE * sampleRate) this.#head.push(samples.slice());
    for (const sample of samples) {
      const column = Math.floor(this.#count++ / this.#width);
      if (column === this.#low.length) this.#halve();
      const at = Math.floor((this.#count - 1) / this.#width);
      if (sample < this.#low[at]!) this.#low[at] = sample;
      if (sample > this.#high[at]!) this.#high[at] = sample;
    }
  }

  get envelope(): Envelope {
    const columns = Math.ceil(this.#count / this.#width);
    const [low, high] = [this.#low.slice(0, columns), this.#high.slice(0, columns)];
    return { low, high, seconds: (columns * this.#width) / this.#rate };
  }

  /** All of it, where it is an utterance. */
  get sound(): Sound {
    return { samples: concatenated(this.#head), sampleRate: this.#rate };
  }

  #halve(): void {
    const half = (values: Float32Array, pick: (a: number, b: number) => number) => {
      const out = new Float32Array(values.length);
      for (let i = 0; i < values.length; i += 2) out[i / 2] = pick(values[i]!, values[i + 1]!);
      return out;
    };
    this.#low = half(this.#low, Math.min);
    this.#high = half(this.#high, Math.max);
    this.#width *= 2;
  }
}

/** The waveform of a file, which is read piece by piece where that can be done. */
async function envelopeOf(file: string): Promise<Envelope> {
  const sounds = new Sounds();
  const stream = openAudio(file);
  if (stream) for (const piece of stream.pieces()) sounds.take(piece, stream.sampleRate);
  else {
    const { samples, sampleRate } = await readAudio(file);
    sounds.take(samples, sampleRate);
  }
  return sounds.envelope;
}
