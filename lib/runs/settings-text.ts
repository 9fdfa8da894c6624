import { encoderName } from "../encoders/facts.js";
import type { EncoderSettings, FeatureSettings, SpectralSettings } from "../features/settings.js";
import type { Origin } from "../inference/card.js";
import { isBaseline } from "../models/names.js";
import type { Size } from "../models/size.js";
import type { AugmentationSettings } from "../training/augmentation.js";
import type { RunSettings } from "./record.js";

/**
 * Short name of features, for tables: `logmel`, `whisper-base layer 3`, `whisper-base layer 3 frames`, `table egemaps.csv`.
 */
export function featuresName(features: FeatureSettings): string {
  if (features.kind === "table") return `table ${features.name}`;
  if (features.kind !== "encoder") return features.kind;
  const { encoder, layer, pooling, trimDb, silence } = features;
  const parts = [
    encoderName(encoder),
    layer === "all" ? "all layers" : `layer ${layer}`,
    pooling === "frames" && "frames",
    trimDb !== 60 && (trimDb === null ? "untrimmed" : `trimmed at ${trimDb} dB`),
    silence !== 1 && `${silence} s of silence`,
  ];
  return parts.filter(Boolean).join(" ");
}

/**
 * Features in words.
 *
 * @example featuresText(featureSettings({ kind: "mfcc" })) // "40 MFCC of 64 mel bands, 0 to 8000 Hz at 16000 Hz, ..."
 */
export function featuresText(features: FeatureSettings): string {
  if (features.kind === "table")
    return `${features.columns} columns of the table ${features.name} (${features.digest.slice(0, 12)})`;
  return features.kind === "encoder" ? encoderText(features) : spectralText(features);
}

function encoderText({ encoder, layer, pooling, trimDb, silence }: EncoderSettings): string {
  const of = layer === "all" ? "all layers" : `layer ${layer}`;
  const what = pooling === "statistics" ? "mean and standard deviation over time of" : "frames of 20 ms of";
  const parts = [
    `${what} ${of} of the encoder ${encoderName(encoder)}`,
    trimDb !== null && `silence ${trimDb} dB down trimmed`,
    silence > 0 && `${silence} s of silence behind`,
  ];
  return parts.filter(Boolean).join(", ");
}

function spectralText(features: SpectralSettings): string {
  const { kind, nMels, nMfcc, sampleRate, winLength, hopLength, fmin, fmax, deltas, trimDb, reference } =
    features;
  const size =
    kind === "mfcc"
      ? `${nMfcc} MFCC of ${nMels} mel bands`
      : `${nMels} ${kind === "mel" ? "mel" : "log-mel"} bands`;
  const ms = (samples: number) => String(Math.round((10_000 * samples) / sampleRate) / 10);
  const parts = [
    `${size}, ${fmin} to ${fmax} Hz at ${sampleRate} Hz`,
    `frames of ${ms(winLength)} ms every ${ms(hopLength)} ms`,
    deltas > 0 && (deltas === 1 ? "deltas" : "deltas of both orders"),
    reference === "max" && "0 dB at the clip's loudest value",
    trimDb !== null && `silence ${trimDb} dB down trimmed`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** Training settings and target in words, without the augmentation. */
export function trainingText({ training, target }: Pick<RunSettings, "training" | "target">): string {
  const {
    model,
    size,
    frames,
    normalisation,
    epochs,
    patience,
    batchSize,
    learningRate,
    schedule,
    optimizer,
    balance,
    labelSmoothing,
    mixup,
    softLabels,
    curriculum,
    refit,
    from,
  } = training;
  if (model === "majority") return "always the commonest class";
  if (isBaseline(model))
    return `${normalisation} normalisation; ${model === "linear" ? "penalty" : "RBF kernel, C and gamma"} chosen on validation${balance === "none" ? "" : "; classes balanced"}${refit ? "; then fitted once more on the training and the validation part" : ""}`;
  const parts = [
    size && sizeText(size),
    `${frames} frames`,
    `${normalisation} normalisation`,
    `${optimizer.name}, learning rate ${learningRate} (${schedule.name}${schedule.warmup ? `, ${schedule.warmup} warm-up` : ""})`,
    optimizer.weightDecay ? `weight decay ${optimizer.weightDecay}` : "",
    `batches of ${batchSize}`,
    from && `begins with the trained weights ${from.slice(0, 12)}`,
    `at most ${epochs} epochs, patience ${patience}`,
    balance !== "none" && `classes balanced by ${balance}`,
    labelSmoothing > 0 && `label smoothing ${labelSmoothing}`,
    mixup > 0 && `mixup ${mixup}`,
    softLabels && "targets are the shares of the raters' votes",
    curriculum &&
      `other corpora from ${100 * curriculum.share} % of ${curriculum.places} times the own clips to none after ${100 * curriculum.until} % of the epochs`,
    refit && "then trained once more, all epochs, on the training and the validation part",
    target === "perceived" && "learns the emotion most listeners heard",
  ];
  return parts.filter(Boolean).join("; ");
}

/**
 * The origin of a training's initial weights, in words.
 *
 * @example originText(record.from[0]) // "ravdess-7-1-cnn-0123456789ab (89abcdef0123), trained under ravdess/7@1, fold 1"
 */
export function originText({ run, sha256, protocol, fold, refit }: Origin): string {
  const validation = refit ? ", validation part included" : "";
  const under = protocol === undefined ? "an unknown protocol" : `${protocol}, fold ${fold}`;
  return `${run} (${sha256.slice(0, 12)}), trained under ${under}${validation}`;
}

/** The size settings of a network that differ from its defaults, in words: `filters 16, 32; units 64`. */
export function sizeText(size: Size): string {
  return Object.entries(size)
    .map(([name, value]) => `${name} ${[value].flat().join(", ")}`)
    .join("; ");
}

/** The augmentation of the training clips, in words. */
export function augmentationText(augmentation: AugmentationSettings): string {
  const parts = Object.entries(augmentation)
    .sort()
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(" to ") : value}`);
  return parts.join(", ") || "none";
}
