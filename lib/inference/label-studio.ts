import type { Answer, NamedModel } from "./report.js";
import { timeline } from "./timeline.js";

/** A task of Label Studio with a prediction. */
export interface LabelStudioTask {
  data: { audio: string };
  predictions: {
    model_version: string;
    /** The confidence for the whole recording. */
    score?: number;
    result: LabelStudioRegion[];
  }[];
}

/** A stretch of sound with its label. */
export interface LabelStudioRegion {
  id: string;
  from_name: "label";
  to_name: "audio";
  type: "labels";
  /** Seconds. */
  original_length: number;
  value: { start: number; end: number; channel: 0; labels: string[] };
  score: number;
}

/**
 * Predictions as tasks of Label Studio, to be corrected there: a region for each interval that has an emotion. The labelling
 * configuration needs `<Audio name="audio" value="$audio"/>` and `<Labels name="label" toName="audio">` with the classes.
 * https://labelstud.io/guide/predictions
 *
 * @param model its run and weights are named as the version
 * @param audio where Label Studio finds a file; default: its path
 */
export function labelStudioTasks(
  answers: readonly Answer[],
  model: NamedModel,
  audio: (file: string) => string = (file) => file,
): LabelStudioTask[] {
  return answers.map(({ file, prediction: { windows, duration, confidence } }) => ({
    data: { audio: audio(file) },
    predictions: [
      {
        model_version: `${model.card.run}, ${model.sha256.slice(0, 12)}`,
        ...(confidence !== null && { score: confidence }),
        result: timeline(windows, model.threshold).flatMap(
          ({ start, end, emotion, confidence: score }, i): LabelStudioRegion[] =>
            emotion === null
              ? []
              : [
                  {
                    ...{ id: `region-${i + 1}`, from_name: "label", to_name: "audio", type: "labels" },
                    original_length: duration,
                    value: { start, end, channel: 0, labels: [emotion] },
                    score,
                  },
                ],
        ),
      },
    ],
  }));
}
