import * as v from "valibot";
import { UserError } from "../base/errors.js";
import { number, problemsOf, rule, text, whole } from "../base/schema.js";
import { INPUT_ENTRIES } from "../features/input.js";
import {
  columnsOf,
  type FeatureSettings,
  featureRules,
  featureSchema,
  fixedRows,
} from "../features/settings.js";
import { STATISTICS } from "../features/statistics.js";
import { modelSchema } from "../models/names.js";
import { sizeSchema } from "../models/size.js";

/** Version of the card's format; raised when the meaning of a field changes. */
export const CARD_SCHEMA = 2;

const brief = v.object({
  count: v.number(),
  classesInTruth: v.array(v.string()),
  accuracy: v.number(),
  uar: v.number(),
  macro: v.object({ precision: v.number(), recall: v.number(), f1: v.number() }),
});

const originSchema = v.object({
  sha256: v.pipe(text("SHA-256 of the weights."), v.regex(/^[0-9a-f]{64}$/)),
  run: text("The run that made them."),
  corpora: v.array(v.string()),
  /** `name@version` of the protocol that it was trained under, and the fold; absent where the card does not say. */
  protocol: v.optional(v.string()),
  fold: v.optional(v.string()),
  /** SHA-256 of the clip ids and emotions of its parts; absent where the run's record was not available. */
  clips: v.optional(v.string()),
  /** Also trained on its validation part. */
  refit: v.optional(v.boolean()),
});

/** Weights that a training started from, and what they had been trained on. */
export type Origin = v.InferOutput<typeof originSchema>;

/** Other keys are left alone: a later version of the program may have written them. */
const cardSchema = v.object({
  ...INPUT_ENTRIES,
  schema: v.literal(CARD_SCHEMA),
  run: text("The run that made it."),
  model: modelSchema("The network or baseline."),
  /** Absent for the network's default size. */
  size: v.optional(sizeSchema),
  parameters: v.number(),
  classes: v.pipe(v.array(v.string()), v.minLength(1), v.description("In the order of the outputs.")),
  features: v.pipe(featureSchema, rule<FeatureSettings>(featureRules)),
  /** The encoder that computes the features; it is not part of the model. */
  encoder: v.optional(
    v.object({
      name: v.string(),
      digest: v.string(),
      parameters: v.number(),
      licence: v.string(),
      source: v.string(),
    }),
  ),
  corpora: v.array(v.string()),
  /** Trained on synthetic clips: of no use on real voices. */
  synthetic: v.boolean(),
  split: v.string(),
  /** `name@version` of the protocol, the fold, and the digest of its parts; absent in older cards. */
  protocol: v.optional(v.string()),
  fold: v.optional(v.string()),
  clips: v.optional(v.string()),
  /** Also trained on the validation part after hyperparameters were chosen on it: only test is unseen. */
  refit: v.optional(v.boolean()),
  /** UAR of the sentence alone on its test clips, where it is above chance: the scores may then reflect what is said. */
  textConfounded: v.optional(v.object({ uar: v.number(), chance: v.number() })),
  /** The models it was fine-tuned from, the latest first; absent when it was trained from scratch. */
  from: v.optional(v.array(originSchema)),
  seed: whole("Seed of the training.", 0, 2 ** 31),
  /** The engine that trained it, with threads and instruction set. */
  engine: v.string(),
  temperature: number("Divides the log probabilities; fitted on validation, 1 leaves them unchanged.", {
    above: 0,
  }),
  threshold: number(
    "The model abstains below this calibrated confidence; chosen on validation, 0 never abstains.",
    {
      ...{ from: 0, to: 1 },
    },
  ),
  /** Scores on validation and, where it was read, on test, without the confusion matrices. */
  metrics: v.object({ validation: v.optional(brief), test: v.optional(brief) }),
  /** SHA-256 of the files beside the card, by name; absent in older cards. */
  sha256: v.optional(v.record(v.string(), v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)))),
});

/**
 * The card of a trained model, `card.json` beside its weights: network, classes, features, normaliser, training data,
 * calibration and scores.
 */
export type ModelCard = v.InferOutput<typeof cardSchema>;

const checkedSchema = v.pipe(
  cardSchema,
  rule<ModelCard>((card, say) => {
    const { kind, mean } = card.normaliser;
    const cols = inputColumns(card);
    if (kind === "global" && mean.length !== cols)
      say(`has ${mean.length} columns for features of ${cols}`, "normaliser");
    const { features, frames, encoder } = card;
    const rows = fixedRows(features) ?? frames;
    if (frames !== rows) say(`is ${frames} for features of ${rows}`, "frames");
    if (features.kind === "encoder" && encoder && encoder.digest !== features.encoder)
      say("is not the encoder of its features", "encoder");
  }),
);

/**
 * Checks a card before anything is computed with it.
 *
 * @param path named in errors
 * @throws {UserError} when it has another version, or lacks something that a prediction needs
 */
export function checkCard(card: unknown, path: string): ModelCard {
  const schema = (card as Partial<ModelCard> | null)?.schema as unknown;
  if (schema !== CARD_SCHEMA) {
    const what = typeof schema === "number" ? `has version ${schema}` : "has no known version";
    throw new UserError(
      `${path} ${what}, and this program reads version ${CARD_SCHEMA}: train the model again (ser train --help)`,
    );
  }
  const wrong = problemsOf(checkedSchema, card, "the card");
  if (wrong.length === 0) return card as ModelCard;
  throw new UserError(`${path} is damaged: ${wrong.join("; ")}; train the model again (ser train --help)`);
}

/** The columns of a model's input. */
export function inputColumns({ features, input }: Pick<ModelCard, "features" | "input">): number {
  return columnsOf(features) * (input === "statistics" ? STATISTICS.length : 1);
}
