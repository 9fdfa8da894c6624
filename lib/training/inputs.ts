import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { concatenated, type Matrix } from "../base/matrix.js";
import { type Random, random } from "../base/random.js";
import type { Clip } from "../corpora/clip.js";
import type { Batch, Inputs } from "../engine/trainer.js";
import type { FeatureSet } from "../features/corpus.js";
import { type InputSettings, modelFeatures, networkInput } from "../features/input.js";
import { fitNormaliser, normalise } from "../features/normalise.js";
import { type FeatureSettings, fixedRows, type SpectralSettings } from "../features/settings.js";
import { isBaseline } from "../models/names.js";
import type { PartName, Split } from "../protocols/types.js";
import {
  type AugmentationSettings,
  applyGain,
  drawStart,
  maskSpectrogram,
  placeFrames,
} from "./augmentation.js";
import { mixup } from "./mixup.js";
import { balancedWeights } from "./sampler.js";
import type { TrainingSettings } from "./settings.js";
import { targetsOf } from "./targets.js";
import type { Variant } from "./variants.js";
import { warpSpectrogram } from "./warp.js";

/** The clips of one part of the split. */
export interface Part {
  clips: Clip[];
  /** For each clip, before normalisation; large features are read on each call. */
  features: (() => Matrix)[];
  /** Class index of each clip. */
  labels: number[];
}

export interface Parts extends Record<PartName, Part> {
  /** The clips that only a refit trains on; absent when there are none. */
  refit?: Part;
}

/**
 * The parts of a split, checked before the training starts.
 *
 * @throws {UserError} for a part without clips, a clip of another class, or features that are not finite
 */
export function partsOf(features: FeatureSet, split: Split, classes: readonly string[]): Parts {
  const indexOf = new Map(features.clips.map((clip, i) => [clip.id, i]));
  const part = (name: keyof Parts): Part => {
    const indices = (split[name] ?? []).flatMap((id) => indexOf.get(id) ?? []);
    if (indices.length === 0) throw new UserError(`the ${name} part of "${split.name}" has no clips`);
    const clips = indices.map((i) => features.clips[i]!);
    const matrices = indices.map((i) => () => features.matrix(i));
    matrices.forEach((matrix, i) => {
      if (!matrix().data.every(Number.isFinite))
        throw new UserError(`the features of ${clips[i]!.id} are not finite`);
    });
    return { clips, features: matrices, labels: clips.map((clip) => labelOf(clip, classes)) };
  };
  const parts = { train: part("train"), validation: part("validation"), test: part("test") };
  return split.refit && split.refit.length > 0 ? { ...parts, refit: part("refit") } : parts;
}

/** The training part of a refit: the training and validation parts and the clips that only a refit trains on. */
export function joined({ train, validation, refit, test }: Parts): Parts {
  const all = [train, validation, ...(refit ? [refit] : [])];
  return {
    train: {
      clips: all.flatMap(({ clips }) => clips),
      features: all.flatMap(({ features }) => features),
      labels: all.flatMap(({ labels }) => labels),
    },
    validation: { clips: [], features: [], labels: [] },
    test,
  };
}

function labelOf({ id, emotion }: Clip, classes: readonly string[]): number {
  const label = classes.indexOf(emotion);
  if (label < 0)
    throw new UserError(`${id} is of class ${emotion}, which is not one of ${classes.join(", ")}`);
  return label;
}

/**
 * How clips become inputs. The normalisation is fitted on the training part alone; `speaker`, which is transductive, is
 * fitted on each speaker's clips of all parts.
 */
export function fitInput(parts: Parts, settings: TrainingSettings, features: FeatureSettings): InputSettings {
  const rows = fixedRows(features);
  const baseline = isBaseline(settings.model) && rows === undefined;
  const input = baseline ? "statistics" : undefined;
  const fitted = settings.normalisation === "speaker" ? Object.values(parts) : [parts.train];
  const normaliser = fitNormaliser(settings.normalisation, itemsOf(fitted, input));
  return baseline ? { normaliser, frames: 1, input } : { normaliser, frames: rows ?? settings.frames };
}

/** One by one, since all together may not fit into memory. */
function* itemsOf(parts: readonly Part[], input: InputSettings["input"]) {
  for (const { clips, features } of parts)
    for (const [i, clip] of clips.entries())
      yield { matrix: modelFeatures(features[i]!(), input), speaker: speakerOf(clip), id: clip.id };
}

/** With the corpus, since speakers of different corpora may have the same name. */
function speakerOf({ corpus, speaker }: Clip): string {
  return `${corpus}/${speaker}`;
}

/** Inputs for prediction, without augmentation. */
export function plainInputs(part: Part, input: InputSettings, start = 0, end = part.clips.length): Inputs {
  const each = part.clips
    .slice(start, end)
    .map((clip, i) => networkInput(part.features[start + i]!(), input, speakerOf(clip)));
  const width = each[0]!.length;
  return { x: concatenated(each), shape: [input.frames, width / input.frames], count: each.length };
}

/** Makes the batches of a training. All random draws are functions of seed, epoch and place. */
export class BatchMaker {
  readonly #train: Part;
  readonly #variants: readonly (readonly Variant[])[];
  readonly #input: InputSettings;
  readonly #features: FeatureSet["settings"];
  readonly #settings: TrainingSettings;
  /** For each clip, a probability for each class. */
  readonly #targets: readonly (readonly number[])[];
  /** Number of features per frame. */
  readonly #cols: number;
  readonly #weights: Float32Array | undefined;

  constructor(
    train: Part,
    variants: readonly (readonly Variant[])[],
    input: InputSettings,
    features: FeatureSet["settings"],
    settings: TrainingSettings,
    classes: readonly string[],
  ) {
    this.#train = train;
    this.#variants = variants;
    this.#input = input;
    this.#features = features;
    this.#settings = settings;
    this.#targets = targetsOf(train.clips, train.labels, classes, settings);
    this.#cols = train.features[0]!().cols;
    this.#weights = settings.balance === "weights" ? weightsOf(train, settings) : undefined;
  }

  /** The batch of the clips `order[first]`, `order[first + 1]`, ... of an epoch. */
  batch(order: readonly number[], epoch: number, first: number): Batch {
    const { batchSize, labelSmoothing, mixup: alpha, seed } = this.#settings;
    const chosen = order.slice(first, first + batchSize);
    const width = this.#input.frames * this.#cols;
    const count = chosen.length;
    const x = new Float32Array(count * width);
    const classes = this.#targets[0]!.length;
    const y = new Float32Array(count * classes).fill(labelSmoothing / classes);
    chosen.forEach((clip, i) => {
      x.set(this.#input1(clip, `${seed}/augmentation/${epoch}/${first + i}`), i * width);
      this.#targets[clip]!.forEach((share, c) => {
        y[i * classes + c]! += (1 - labelSmoothing) * share;
      });
    });
    const weights = this.#weights && Float32Array.from(chosen, (clip) => this.#weights![clip]!);
    const batch: Batch = { x, y, weights, count };
    if (alpha > 0) mixup(batch, alpha, random(`${seed}/mixup/${epoch}/${first}`));
    return batch;
  }

  #input1(clip: number, seed: string): Float32Array {
    const { augmentation } = this.#settings;
    const original = this.#train.features[clip]!();
    const speaker = speakerOf(this.#train.clips[clip]!);
    if (Object.keys(augmentation).length === 0) return networkInput(original, this.#input, speaker);
    const rng = random(seed);
    const version = rng.int(1 + this.#variants[clip]!.length);
    const heard = version === 0 ? original : this.#variants[clip]![version - 1]!.features;
    const features = this.#features;
    const spectral = features.kind === "encoder" || features.kind === "table" ? undefined : features;
    const matrix = spectral ? otherVoice(heard, spectral, augmentation, rng) : heard;
    const normal = normalise(this.#input.normaliser, matrix, speaker);
    maskSpectrogram(normal, augmentation, normal.cols / (spectral ? 1 + spectral.deltas : 1), rng);
    const { shift } = augmentation;
    const { frames } = this.#input;
    const middle = Math.floor(Math.max(0, normal.rows - frames) / 2);
    const first = shift === undefined ? middle : drawStart(normal.rows, frames, shift, rng);
    return placeFrames(normal, first, frames).data;
  }
}

/** The spectrogram at another gain, vocal tract length and tempo. */
function otherVoice(
  matrix: Matrix,
  features: SpectralSettings,
  { gain, vocalTract = 0, tempo = 0 }: AugmentationSettings,
  rng: Random,
): Matrix {
  const louder = gain === undefined ? matrix : applyGain(matrix, rng.uniform(-gain, gain), features);
  if (vocalTract === 0 && tempo === 0) return louder;
  const warp = { vocalTract: drawFactor(vocalTract, rng), tempo: drawFactor(tempo, rng) };
  return warpSpectrogram(louder, warp, features);
}

/** Drawn from 1 / (1 + most) to 1 + most, as often above 1 as below. */
function drawFactor(most: number, rng: Random): number {
  return (1 + most) ** rng.uniform(-1, 1);
}

/**
 * Weights that give each class the same total weight; with a curriculum, within each corpus, since it does not draw from
 * corpora by size. Over all clips, RAVDESS's calm, which the others lack, would weigh ten times as much as anger.
 */
function weightsOf({ clips, labels }: Part, { curriculum }: TrainingSettings): Float32Array {
  if (!curriculum) return balancedWeights(labels);
  const weights = new Float32Array(labels.length);
  for (const [, own] of groupBy([...labels.keys()], (i) => clips[i]!.corpus)) {
    const balanced = balancedWeights(own.map((i) => labels[i]!));
    own.forEach((i, at) => {
      weights[i] = balanced[at]!;
    });
  }
  return weights;
}
