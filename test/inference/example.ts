import { concatenated } from "../../lib/base/matrix.js";
import { random } from "../../lib/base/random.js";
import { columnsOf, featureSettings } from "../../lib/features/settings.js";
import { CARD_SCHEMA, type ModelCard } from "../../lib/inference/card.js";
import { saveModel } from "../../lib/inference/model.js";
import { cnnSmall } from "../../lib/models/cnn-small.js";

export const CLASSES = ["anger", "sadness", "neutral"];
export const FEATURES = featureSettings({ kind: "mfcc", nMfcc: 13, trimDb: 30 });

/** A network that knows nothing yet hears something: weights drawn at random, windows of a second. */
export async function saveExample(folder: string, partial: Partial<ModelCard> = {}): Promise<ModelCard> {
  const card: ModelCard = {
    schema: CARD_SCHEMA,
    run: "example",
    model: "cnn-small",
    parameters: 1,
    classes: CLASSES,
    frames: 100,
    features: FEATURES,
    normaliser: { kind: "clip", mean: [], scale: [] },
    corpora: ["own"],
    synthetic: false,
    split: "none",
    seed: 1,
    engine: "none",
    temperature: 0.5,
    threshold: 0,
    metrics: {},
    ...partial,
  };
  const { frames, features, classes, size } = card;
  const bands = columnsOf(features);
  const network = await cnnSmall({ frames, bands, classes: classes.length, seed: 1, size });
  await saveModel(folder, network, card);
  return card;
}

/** A buzz at a voice's pitch, like a vowel without its colour: 10 harmonics, with a little noise. */
export function buzz(seconds: number, sampleRate: number, pitch = 150, seed = 1): Float32Array {
  const rng = random(seed);
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, (_, n) => {
    const phase = (2 * Math.PI * pitch * n) / sampleRate;
    let sum = 0.01 * rng.normal();
    for (let k = 1; k <= 10; k++) sum += Math.sin(k * phase) / k / 8;
    return sum;
  });
}

export function whiteNoise(seconds: number, sampleRate: number, level = 0.3, seed = 1): Float32Array {
  const rng = random(seed);
  return Float32Array.from({ length: Math.round(seconds * sampleRate) }, () => level * rng.normal());
}

export function joined(...parts: readonly Float32Array[]): Float32Array {
  return concatenated(parts);
}
