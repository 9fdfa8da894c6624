import { UserError } from "../base/errors.js";
import type { Metrics } from "../evaluation/metrics.js";
import type { InputSettings } from "../features/input.js";
import { columnsOf, type FeatureSettings, featureSettings } from "../features/settings.js";
import { STATISTICS } from "../features/statistics.js";
import type { ModelName } from "../models/names.js";

/** Raised when the meaning of a card's field changes. */
export const CARD_SCHEMA = 2;

/** Everything that is known of a trained model; `card.json` beside its weights. */
export interface ModelCard extends InputSettings {
  schema: typeof CARD_SCHEMA;
  /** The run that made it. */
  run: string;
  model: ModelName;
  parameters: number;
  /** The classes, in the order of the outputs. */
  classes: string[];
  features: FeatureSettings;
  corpora: string[];
  /** Trained on synthetic clips: of no use on real voices. */
  synthetic: boolean;
  split: string;
  /** Trained on the validation part too, once that had chosen: only test is unheard. */
  refit?: boolean;
  seed: number;
  /** What trained it: engine, threads, instruction set. */
  engine: string;
  /** Divides the logarithms of the probabilities, fitted on validation; 1 leaves them as they are. */
  temperature: number;
  /** A calibrated confidence below this is no answer, chosen on validation; 0 answers always. */
  threshold: number;
  /** Figures on validation and, where it was read, test, without the confusion matrices. */
  metrics: Partial<
    Record<"validation" | "test", Pick<Metrics, "count" | "classesInTruth" | "accuracy" | "uar" | "macro">>
  >;
}

/**
 * A card that was read, looked at before anything is computed with it.
 *
 * @param path named in errors
 * @throws {UserError} when it is of another version, or lacks what a prediction takes
 */
export function checkCard(card: ModelCard, path: string): ModelCard {
  const schema: unknown = card?.schema;
  if (schema !== CARD_SCHEMA) {
    const what = typeof schema === "number" ? `of version ${schema}` : "of no known version";
    throw new UserError(
      `${path} is ${what}, and this program reads version ${CARD_SCHEMA}: train the model again (ser train --help)`,
    );
  }
  const wrong = problemOf(card);
  if (wrong) throw new UserError(`${path} is damaged: ${wrong}; train the model again (ser train --help)`);
  return card;
}

function problemOf({ classes, frames, temperature, threshold, features, normaliser, input }: ModelCard) {
  const names = Array.isArray(classes) && classes.length > 0 && classes.every((c) => typeof c === "string");
  if (!names) return "it names no classes";
  if (!(Number.isInteger(frames) && frames > 0)) return `an input of ${frames} frames`;
  if (!(temperature > 0 && Number.isFinite(temperature))) return `a temperature of ${temperature}`;
  if (!(threshold >= 0 && threshold <= 1)) return `a threshold of ${threshold}`;
  try {
    featureSettings(features);
  } catch (error) {
    return `its features cannot be made: ${(error as Error).message}`;
  }
  if (!Array.isArray(normaliser?.mean) || !Array.isArray(normaliser.scale)) return "it has no normaliser";
  const cols = inputColumns({ features, input });
  if (normaliser.kind === "global" && normaliser.mean.length !== cols)
    return `its normaliser has ${normaliser.mean.length} columns for features of ${cols}`;
  return undefined;
}

/** The columns of a model's input. */
export function inputColumns({ features, input }: Pick<ModelCard, "features" | "input">): number {
  return columnsOf(features) * (input === "statistics" ? STATISTICS.length : 1);
}
