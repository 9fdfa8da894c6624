import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { predict } from "../../lib/engine/engine.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { metrics } from "../../lib/evaluation/metrics.js";
import { extractClips } from "../../lib/features/corpus.js";
import { fitNormaliser } from "../../lib/features/normalise.js";
import { featureSettings } from "../../lib/features/settings.js";
import { networkInput } from "../../lib/inference/input.js";
import { loadModel, type ModelCard, saveModel } from "../../lib/inference/model.js";
import { cnnSmall } from "../../lib/models/cnn-small.js";

const CLASSES = ["anger", "sadness", "neutral"];
const FEATURES = featureSettings({ kind: "mfcc", nMfcc: 13, trimDb: 30 });

let folder: string;
let clips: Clip[];
let card: ModelCard;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
  const rng = random(1);
  clips = await Promise.all(
    [8000, 24_414, 48_000].map(async (rate, i) => {
      const samples = Float32Array.from(
        { length: rate },
        (_, n) => 0.3 * Math.sin((n * 500) / rate) + 0.1 * rng.normal(),
      );
      const path = join(folder, `${i}.wav`);
      await writeWav(path, samples, rate);
      const name = {
        id: `own/${i}`,
        corpus: "own",
        speaker: `s${i}`,
        emotion: "anger",
        label: "anger",
      } as const;
      return { ...name, path, synthetic: false };
    }),
  );
  const features = await extractClips(clips, FEATURES, { cache: null, quiet: true });
  const items = clips.map((clip, i) => ({ matrix: features.matrix(i), speaker: clip.speaker }));
  const figures = metrics(
    [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
    CLASSES,
  );
  card = {
    schema: 1,
    run: "test",
    model: "cnn-small",
    parameters: 1,
    classes: CLASSES,
    frames: 60,
    features: FEATURES,
    normaliser: fitNormaliser("global", items),
    corpora: ["own"],
    synthetic: false,
    split: "none",
    seed: 1,
    engine: "tfjs",
    metrics: { validation: figures, test: figures },
  };
  await saveModel(
    join(folder, "model"),
    await cnnSmall({ frames: 60, bands: 13, classes: 3, seed: 1 }),
    card,
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("prediction extracts the very features that training does, bit for bit", async () => {
  const features = await extractClips(clips, FEATURES, { cache: null, quiet: true });
  const network = await cnnSmall({ frames: 60, bands: 13, classes: 3, seed: 1 });
  const model = await loadModel(join(folder, "model"));
  for (const [i, clip] of clips.entries()) {
    const x = networkInput(features.matrix(i), card);
    const expected = await predict(network, { x, shape: [60, 13], count: 1 });
    const found = await model.predict(clip.path);
    expect(Object.values(found.probabilities)).toEqual([...expected]);
    const { samples, sampleRate } = await readAudio(clip.path);
    expect(await model.predict({ samples, sampleRate })).toEqual(found);
  }
});

test("an answer names the likeliest emotion, and its probabilities sum to 1", async () => {
  const { emotion, confidence, probabilities, duration } = await (
    await loadModel(join(folder, "model"))
  ).predict(clips[0]!.path);
  expect(Object.keys(probabilities)).toEqual(CLASSES);
  expect(probabilities[emotion]).toBe(confidence);
  expect(confidence).toBe(Math.max(...Object.values(probabilities)));
  expect(Object.values(probabilities).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  expect(duration).toBeCloseTo(1, 3);
});

test("plain TensorFlow.js loads the saved model", async () => {
  const tf = await startTfjs();
  const files = join(folder, "model");
  const { modelTopology, weightsManifest } = JSON.parse(await readFile(join(files, "model.json"), "utf8"));
  const bytes = await readFile(join(files, "weights.bin"));
  const weightData = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  const weightSpecs = weightsManifest[0].weights;
  const model = await tf.loadLayersModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData }));
  expect(model.outputs[0]!.shape).toEqual([null, 3]);
});

test("what is missing or damaged is named", async () => {
  await expect(loadModel(join(folder, "nowhere"))).rejects.toThrow(
    /nowhere\/card.json: no such file.*ser train/,
  );
  const damaged = join(folder, "damaged");
  await saveModel(damaged, await cnnSmall({ frames: 60, bands: 13, classes: 3, seed: 1 }), card);
  await writeFile(join(damaged, "weights.bin"), "short");
  await expect(loadModel(damaged)).rejects.toThrow(/damaged is no model that can be loaded/);
  await writeFile(join(damaged, "card.json"), "{");
  await expect(loadModel(damaged)).rejects.toThrow(/card.json is not JSON/);
  await expect((await loadModel(join(folder, "model"))).predict(join(folder, "no.wav"))).rejects.toThrow(
    "no.wav",
  );
});
