import * as v from "valibot";
import { number, oneOf, parseSettings, rule, type Say, strict, whole, yesNo } from "../base/schema.js";
import { optimizerSchema } from "../engine/trainer.js";
import { NORMALISATIONS } from "../features/normalise.js";
import { type FeatureSettings, fixedRows } from "../features/settings.js";
import { isBaseline, type ModelName, modelSchema } from "../models/names.js";
import { ownSize, SIZES, sizeRules, sizeSchema } from "../models/size.js";
import { augmentationRules, augmentationSchema } from "./augmentation.js";
import { curriculumSchema } from "./curriculum.js";
import { BALANCES } from "./sampler.js";
import { scheduleSchema } from "./schedule.js";

/** A SHA-256 that may be absent. */
function digest(description: string) {
  return v.optional(
    v.pipe(
      v.string(),
      v.description(description),
      v.regex(/^[0-9a-f]{64}$/),
      v.metadata({ takes: "64 hexadecimal digits" }),
    ),
  );
}

/** The keys of {@link TrainingSettings}. */
export const TRAINING_ENTRIES = {
  model: modelSchema("A baseline (`majority`, `linear`, `svm`) or a network."),
  network: digest(
    "SHA-256 of the layers of a network that a script defines; absent for the networks of the workbench.",
  ),
  size: v.optional(sizeSchema),
  frames: whole(
    "Frames of an input: 30 ms each with the default features, 20 ms with those of an encoder.",
    4,
    1e5,
    { unit: "frames" },
  ),
  normalisation: oneOf(
    "What the mean and deviation of the features are fitted to: `global` the training part, `speaker` each speaker's own clips (transductive, and marked so), `clip` each clip, `none` nothing.",
    NORMALISATIONS,
  ),
  epochs: whole("Maximum number of epochs.", 1, 1e6, { unit: "epochs" }),
  patience: whole(
    "Early stopping: the training ends after so many epochs without a better validation UAR.",
    1,
    1e6,
    {
      unit: "epochs",
    },
  ),
  batchSize: whole("Clips in a batch.", 1, 1e5, { unit: "clips" }),
  learningRate: number("The highest learning rate of the schedule.", { above: 0 }),
  schedule: scheduleSchema,
  optimizer: optimizerSchema,
  balance: oneOf(
    "Balance of the classes: `none`, `weights` in the loss, or `sampling`, which draws rare classes more often.",
    BALANCES,
  ),
  labelSmoothing: number(
    "Label smoothing: share of the target probability that is spread over all classes; 0 for none (Szegedy et al. 2016).",
    { from: 0, to: 0.999 },
  ),
  mixup: number("Mixup: alpha of the beta distribution; 0 for none (Zhang et al. 2018).", {
    from: 0,
    to: 1000,
  }),
  softLabels: v.optional(
    yesNo(
      "Soft labels: if a manifest has several raters, the targets are the shares of their votes instead of the majority (Fayek et al. 2016).",
      false,
    ),
  ),
  augmentation: augmentationSchema,
  curriculum: v.optional(curriculumSchema),
  refit: v.optional(
    yesNo(
      "Trains the network again from the start on the training and validation parts together, for all epochs, and tests these weights. The validation figures remain those of the first training. Takes twice the time.",
      false,
    ),
  ),
  from: digest(
    "Fine-tuning: SHA-256 of the weights of a trained model that the network starts from; its last layer is initialised anew if the classes differ. Absent: random initial weights.",
  ),
  seed: whole("Random seed of weights, order of the clips, dropout and augmentation.", 0, 2 ** 31),
};

const settingsSchema = strict("Settings of a training.", TRAINING_ENTRIES);

/**
 * The settings of a training; they are part of a run's name. Defaults are those of {@link TRAINING}.
 *
 * - `model`: a baseline or a network; `network` and `size` say more of it
 * - `frames` of an input, `normalisation` of the features
 * - `epochs` at most, `patience` of early stopping, `batchSize`
 * - `learningRate`, its `schedule` (constant, cosine, one-cycle, plateau) and the `optimizer` (adam, adamw)
 * - `balance` of the classes (none, weights, sampling), `labelSmoothing`, `mixup`, `softLabels`
 * - `augmentation` of the training clips, `curriculum` from other corpora to the tested one
 * - `refit`: trains again on train and validation; `from`: starts from the weights of a trained model
 * - `seed` of weights, order, dropout and augmentation
 */
export type TrainingSettings = v.InferOutput<typeof settingsSchema>;

export const trainingSchema = v.pipe(settingsSchema, rule<TrainingSettings>(trainingRules));

/**
 * Default settings: the model `cnn` on clips of a few seconds.
 *
 * @example
 * const settings: TrainingSettings = { ...TRAINING, model: "linear", seed: 2 };
 * [settings.epochs, settings.batchSize]; // => [30, 32]
 */
export const TRAINING: TrainingSettings = {
  model: "cnn",
  frames: 100,
  normalisation: "global",
  epochs: 30,
  patience: 10,
  batchSize: 32,
  learningRate: 3e-3,
  schedule: { name: "cosine", warmup: 1 },
  optimizer: { name: "adamw", weightDecay: 0.01, clipNorm: 5 },
  balance: "weights",
  labelSmoothing: 0,
  mixup: 0,
  augmentation: {},
  seed: 1,
};

/**
 * Settings for the small network `cnn-small` on 40 MFCC: a few minutes on two cores with any engine.
 *
 * @example SMALL_TRAINING.model; // => "cnn-small"
 */
export const SMALL_TRAINING: TrainingSettings = {
  ...TRAINING,
  model: "cnn-small",
  epochs: 15,
  patience: 6,
  learningRate: 2e-3,
  schedule: { name: "constant" },
  optimizer: { name: "adam" },
};

/** Settings for blocks of an encoder, which are pretrained on far more clips and forget this at higher learning rates. */
const BLOCKS_TRAINING: TrainingSettings = {
  ...TRAINING,
  model: "top-blocks",
  frames: 150,
  normalisation: "none",
  epochs: 6,
  patience: 6,
  batchSize: 16,
  learningRate: 5e-5,
};

/** The training settings that suit a model, before anything is changed. */
export function baseTraining(model: ModelName): TrainingSettings {
  if (model === "top-blocks") return BLOCKS_TRAINING;
  return { ...(model === "cnn-small" ? SMALL_TRAINING : TRAINING), model };
}

/** @throws {UsageError} naming every invalid setting */
export function checkTraining(settings: TrainingSettings): void {
  parseSettings(trainingSchema, settings);
}

/**
 * The settings without redundant ones: a size equal to the network's default is left out. So equal trainings have equal
 * settings and the same run name.
 */
export function plainTraining({ size, ...settings }: TrainingSettings): TrainingSettings {
  const own = ownSize(settings.model, size);
  return own ? { ...settings, size: own } : settings;
}

/**
 * Reports settings that do not fit the features.
 *
 * @param own the user's own network replaces the model that the settings name
 */
export function inputRules(
  features: FeatureSettings,
  settings: TrainingSettings,
  say: Say,
  own = false,
): void {
  const { model, augmentation } = settings;
  augmentationRules(features, augmentation, (message) => say(message, "augmentation"));
  if (own) return;
  if (model === "top-blocks") blockRules(features, settings, (message) => say(message, "model"));
  else modelRules(features, model, (message) => say(message, "model"));
}

function blockRules(features: FeatureSettings, { size, normalisation }: TrainingSettings, say: Say): void {
  if (features.kind !== "encoder" || features.pooling !== "frames") {
    say("top-blocks goes on with blocks of an encoder: take the frames of one of its layers");
    return;
  }
  const { blocks } = { ...SIZES["top-blocks"], ...size };
  const above = features.blocks - (features.layer as number);
  if (blocks > above)
    say(
      `top-blocks trains ${blocks} blocks, and there are ${above} above layer ${features.layer}: take a lower layer, or fewer blocks`,
    );
  if (normalisation !== "none")
    say(
      `top-blocks takes the frames as the encoder's blocks know them: take normalisation none, not ${normalisation}`,
    );
}

function modelRules(features: FeatureSettings, model: ModelName, say: Say): void {
  const rows = fixedRows(features) ?? 0;
  if (model === "weighted-layers") {
    if (rows < 2)
      say(
        'weighted-layers adds up all layers of an encoder: take its features with layer "all", or another model',
      );
  } else if (rows > 1) say(`${model} takes one layer of an encoder: name it, or take weighted-layers`);
  else if (features.kind === "table" && !isBaseline(model))
    say(`${model} goes over frames, and a table has one row a clip: take linear or svm`);
  else if (rows === 1 && !isBaseline(model))
    say(`${model} goes over frames, and an encoder's statistics have none: take linear, or pooling frames`);
}

/** Rules between several settings. */
export function trainingRules(settings: TrainingSettings, say: Say): void {
  const { model, size, normalisation, balance, schedule, curriculum, refit, from, softLabels } = settings;
  if (size) sizeRules(model, size, (message, ...path) => say(message, "size", ...path));
  if (isBaseline(model)) {
    if (curriculum) say(`the ${model} model has no epochs for a curriculum: leave it out`, "curriculum");
    if (from)
      say(`only a network can begin with trained weights, and ${model} is none: leave it out`, "from");
    if (softLabels) say(`the ${model} model takes one class a clip: leave it out`, "softLabels");
    if (refit && model === "majority") say("majority has nothing to train anew: leave it out", "refit");
    if (!["global", "speaker"].includes(normalisation))
      say(
        `is "${normalisation}": the ${model} model takes global (or speaker), since its statistics have to be standardised over clips`,
        "normalisation",
      );
  }
  if (curriculum && balance === "sampling")
    say('is "sampling": with a curriculum, which draws the clips, it takes none, weights', "balance");
  if (refit && schedule.name === "plateau")
    say(
      "there is no validation part left that a plateau schedule could go by: take cosine, one-cycle or constant",
      "refit",
    );
}
