import { join } from "node:path";
import { readAudio } from "../audio/read.js";
import { resample } from "../audio/resample.js";
import { random } from "../base/random.js";
import type { Clip } from "../corpora/clip.js";
import { createExtractor } from "../features/extract.js";
import { featureSettings } from "../features/settings.js";
import { confusionMatrix, emotionPrediction, learningCurves, saveFigure } from "../figures/index.js";
import type { PartResult } from "../training/train.js";
import type { RunRecord } from "./record.js";

/** The files that {@link drawRun} writes. */
export const PICTURES = ["confusion_matrix.png", "learning_curves.png", "emotion_prediction.png"] as const;

/** Clips in `emotion_prediction.png`. */
const SHOWN = 9;

/** Draws a run: its confusion matrix on the test part, its learning curves, and nine test clips with their predictions. */
export async function drawRun(
  folder: string,
  record: RunRecord,
  test: PartResult,
  clips: readonly Clip[],
): Promise<void> {
  const { synthetic, classes } = record;
  const corpora = record.corpora.length > 1 ? "combined corpora" : record.corpora[0];
  const subtitle = `${record.settings.training.model}, ${corpora}, held-out speakers, ${test.ids.length} clips, UAR ${(100 * record.test.uar).toFixed(1)} %`;
  const [matrix, curves, predictions] = PICTURES;
  await saveFigure(
    confusionMatrix({
      counts: record.test.confusion,
      classes,
      title: "Confusion matrix",
      subtitle,
      synthetic,
    }),
    join(folder, matrix),
  );
  await saveFigure(
    learningCurves({
      epochs: record.history,
      bestEpoch: record.bestEpoch,
      title: "Learning curves",
      synthetic,
    }),
    join(folder, curves),
  );
  await saveFigure(
    emotionPrediction({
      clips: await predictedClips(test, classes, clips),
      title: `Predictions on held-out speakers (${record.settings.training.model}, ${corpora})`,
      synthetic,
    }),
    join(folder, predictions),
  );
}

async function predictedClips(test: PartResult, classes: readonly string[], clips: readonly Clip[]) {
  const settings = featureSettings({ kind: "logmel" });
  const extract = createExtractor(settings);
  const clipOf = new Map(clips.map((clip) => [clip.id, clip]));
  const shown = [];
  for (const i of chosen(test)) {
    const audio = await readAudio(clipOf.get(test.ids[i]!)!.path);
    const { sampleRate, hopLength } = settings;
    const samples = resample(audio.samples, audio.sampleRate, sampleRate);
    shown.push({
      id: test.ids[i]!,
      samples,
      sampleRate,
      logmel: extract(samples, sampleRate),
      hopSeconds: hopLength / sampleRate,
      truth: classes[test.truth[i]!]!,
      predicted: classes[test.predicted[i]!]!,
      probabilities: Object.fromEntries(
        classes.map((name, c) => [name, test.probabilities[i * classes.length + c]!]),
      ),
    });
  }
  return shown;
}

/** Test clips drawn at random, one of each class first, then any. */
function chosen(test: PartResult): number[] {
  const drawn = random("emotion_prediction").shuffle(test.ids.map((_, i) => i));
  const firsts = drawn.filter((i, at) => drawn.findIndex((j) => test.truth[j] === test.truth[i]) === at);
  const rest = drawn.filter((i) => !firsts.includes(i));
  return [...firsts.sort((a, b) => test.truth[a]! - test.truth[b]!), ...rest].slice(0, SHOWN);
}
