import { join } from "node:path";
import { resample } from "../audio/resample.js";
import { readSegment } from "../audio/segment.js";
import { Interrupted } from "../base/errors.js";
import type { Matrix } from "../base/matrix.js";
import { Progress } from "../base/progress.js";
import { random } from "../base/random.js";
import { percent } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { createExtractor } from "../features/extract.js";
import { featureSettings } from "../features/settings.js";
import {
  confusionMatrix,
  emotionPrediction,
  type Figure,
  learningCurves,
  saveFigure,
} from "../figures/index.js";
import type { PartResult } from "../training/train.js";
import type { RunRecord } from "./record.js";

/** The files that {@link drawRun} writes. */
export const PICTURES = ["confusion_matrix.png", "learning_curves.png", "emotion_prediction.png"] as const;

/** Clips in `emotion_prediction.png`. */
const SHOWN = 9;

/**
 * Draws a run: its confusion matrix, its learning curves, and nine clips with their predictions. They are of the test part,
 * or of validation if the test part was not read.
 *
 * @param scored the predictions on that part
 * @throws {Interrupted} when `signal` aborts
 */
export async function drawRun(
  folder: string,
  record: RunRecord,
  scored: PartResult,
  clips: readonly Clip[],
  { signal, quiet }: { signal?: AbortSignal; quiet?: boolean } = {},
): Promise<void> {
  const { synthetic, classes } = record;
  const corpora = record.corpora.length > 1 ? "combined corpora" : record.corpora[0];
  const figures = record.test ?? record.validation;
  const { model } = record.settings.training;
  const part = partOf(record);
  const subtitle = `${model}, ${corpora}, ${part}, ${scored.ids.length} clips, UAR ${percent(figures.uar)} %`;
  const [matrix, curves, predictions] = PICTURES;
  const progress = new Progress("pictures", PICTURES.length, { quiet });
  const save = async (figure: Figure, file: string) => {
    // Drawing blocks the event loop: this lets Ctrl-C through.
    await new Promise(setImmediate);
    if (signal?.aborted) {
      progress.clear();
      throw new Interrupted("stopped at the pictures: run the same command to resume");
    }
    await saveFigure(figure, join(folder, file));
    progress.step(1, file);
  };
  await save(
    confusionMatrix({
      counts: figures.confusion,
      classes,
      title: "Confusion matrix",
      subtitle,
      synthetic,
    }),
    matrix,
  );
  await save(
    learningCurves({
      epochs: record.history,
      bestEpoch: record.bestEpoch,
      title: "Learning curves",
      synthetic,
    }),
    curves,
  );
  await save(
    emotionPrediction({
      clips: await predictedClips(scored, chosen(scored), classes, clips),
      title: `Predictions on ${part} (${model}, ${corpora})`,
      synthetic,
    }),
    predictions,
  );
  progress.clear();
}

/** The part that is drawn, with marks for leaky and transductive runs. */
function partOf({ leaky, transductive, split, test }: RunRecord): string {
  const marks = [...(leaky ? ["LEAKY split"] : []), ...(transductive ? ["transductive"] : [])];
  const apart = split.apart.includes("speaker") ? "held-out speakers" : "held-out sentences";
  const part = leaky ? "test clips" : apart;
  return [test ? part : "validation clips", ...marks].join(", ");
}

/** A recording as the panels of `emotionPrediction` show it. */
interface Drawn {
  samples: Float32Array;
  sampleRate: number;
  logmel: Matrix;
  hopSeconds: number;
}

/**
 * Prepares recordings for `emotionPrediction`: the waveform at 16 kHz and its log-mel spectrogram.
 *
 * @example const panel = { id: "mine", ...drawing()(await readAudio("mine.wav")), predicted, probabilities };
 */
export function drawing() {
  const settings = featureSettings({ kind: "logmel" });
  const { sampleRate, hopLength } = settings;
  const extract = createExtractor(settings);
  return (sound: { samples: Float32Array; sampleRate: number }): Drawn => {
    const samples = resample(sound.samples, sound.sampleRate, sampleRate);
    return { samples, sampleRate, logmel: extract(samples, sampleRate), hopSeconds: hopLength / sampleRate };
  };
}

/**
 * Clips of a part with their audio and predictions, as `emotionPrediction` takes them.
 *
 * @param indices of the clips in the part
 * @param clips those of the part, and any others
 */
async function predictedClips(
  scored: Pick<PartResult, "ids" | "truth" | "predicted" | "probabilities">,
  indices: readonly number[],
  classes: readonly string[],
  clips: readonly Clip[],
) {
  const drawn = drawing();
  const clipOf = new Map(clips.map((clip) => [clip.id, clip]));
  const shown = [];
  for (const i of indices) {
    shown.push({
      id: scored.ids[i]!,
      ...drawn(await readSegment(clipOf.get(scored.ids[i]!)!)),
      truth: classes[scored.truth[i]!]!,
      predicted: classes[scored.predicted[i]!]!,
      probabilities: Object.fromEntries(
        classes.map((name, c) => [name, scored.probabilities[i * classes.length + c]!]),
      ),
    });
  }
  return shown;
}

/** Clips drawn at random, one of each class first. */
function chosen(scored: PartResult): number[] {
  const drawn = random("emotion_prediction").shuffle(scored.ids.map((_, i) => i));
  const firsts = drawn.filter((i, at) => drawn.findIndex((j) => scored.truth[j] === scored.truth[i]) === at);
  const rest = drawn.filter((i) => !firsts.includes(i));
  return [...firsts.sort((a, b) => scored.truth[a]! - scored.truth[b]!), ...rest].slice(0, SHOWN);
}
