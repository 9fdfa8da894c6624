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

/** Raised when the meaning of a card's field changes. */
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
  /** SHA-256 of the parts' clip ids and emotions, where the run's record was there to say it. */
  clips: v.optional(v.string()),
  /** Trained on its validation part too. */
  refit: v.optional(v.boolean()),
});

/** Weights that a training began with, and what they had been trained on. */
export type Origin = v.InferOutput<typeof originSchema>;

/** Written by the program, so other keys are those of a later one and left alone. */
const cardSchema = v.object({
  ...INPUT_ENTRIES,
  schema: v.literal(CARD_SCHEMA),
  run: text("The run that made it."),
  model: modelSchema("The network or baseline."),
  /** Absent where it is the network's own. */
  size: v.optional(sizeSchema),
  parameters: v.number(),
  classes: v.pipe(v.array(v.string()), v.minLength(1), v.description("In the order of the outputs.")),
  features: v.pipe(featureSchema, rule<FeatureSettings>(featureRules)),
  /** The encoder that the features are of, which is not part of the model. */
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
  /** `name@version` of the protocol, the fold, and the digest of its parts; absent in cards from before they were kept. */
  protocol: v.optional(v.string()),
  fold: v.optional(v.string()),
  clips: v.optional(v.string()),
  /** Trained on the validation part too, once that had chosen: only test is unheard. */
  refit: v.optional(v.boolean()),
  /** What the sentences alone have on its test clips, where that is more than chance: figures may be of what is said. */
  textConfounded: v.optional(v.object({ uar: v.number(), chance: v.number() })),
  /** What it was trained from, nearest first; absent where that was from nothing. */
  from: v.optional(v.array(originSchema)),
  seed: whole("Seed of the training.", 0, 2 ** 31),
  /** What trained it: engine, threads, instruction set. */
  engine: v.string(),
  temperature: number(
    "Divides the logarithms of the probabilities, fitted on validation; 1 leaves them as they are.",
    { above: 0 },
  ),
  threshold: number(
    "A calibrated confidence below this is no answer, chosen on validation; 0 answers always.",
    {
      ...{ from: 0, to: 1 },
    },
  ),
  /** Figures on validation and, where it was read, test, without the confusion matrices. */
  metrics: v.object({ validation: v.optional(brief), test: v.optional(brief) }),
});

/** Everything that is known of a trained model; `card.json` beside its weights. */
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
      say("is another one than that of its features", "encoder");
  }),
);

/**
 * A card that was read, looked at before anything is computed with it.
 *
 * @param path named in errors
 * @throws {UserError} when it is of another version, or lacks what a prediction takes
 */
export function checkCard(card: unknown, path: string): ModelCard {
  const schema = (card as Partial<ModelCard> | null)?.schema as unknown;
  if (schema !== CARD_SCHEMA) {
    const what = typeof schema === "number" ? `of version ${schema}` : "of no known version";
    throw new UserError(
      `${path} is ${what}, and this program reads version ${CARD_SCHEMA}: train the model again (ser train --help)`,
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
