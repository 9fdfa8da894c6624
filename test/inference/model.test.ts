import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { encode } from "node-wav";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { writeWav } from "../../lib/audio/write.js";
import { projectRoot } from "../../lib/base/root.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { applyTemperature } from "../../lib/evaluation/calibration.js";
import { metrics } from "../../lib/evaluation/metrics.js";
import { extractClips } from "../../lib/features/corpus.js";
import { networkInput } from "../../lib/features/input.js";
import { fitNormaliser } from "../../lib/features/normalise.js";
import { encoderSettings, featureSettings } from "../../lib/features/settings.js";
import {
  digestsIn,
  loadModel,
  type ModelCard,
  readCard,
  readWeights,
  saveModel,
} from "../../lib/inference/model.js";
import { coreClassifier, predictionCore, programOf } from "../../lib/inference/program.js";
import { streamWindows } from "../../lib/inference/stream.js";
import { cnnSmall } from "../../lib/models/cnn-small.js";
import { affine } from "../../lib/models/linear.js";
import { buzz, joined, saveExample, whiteNoise } from "./example.js";

const CLASSES = ["anger", "sadness", "neutral"];
const FEATURES = featureSettings({ kind: "mfcc", nMfcc: 13, trimDb: 30 });

let folder: string;
let clips: Clip[];
let card: ModelCard;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-"));
  clips = await Promise.all(
    [8000, 24_414, 48_000].map(async (rate, i) => {
      const samples = buzz(1, rate, 120 + 40 * i, i);
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
    schema: 2,
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
    temperature: 1,
    threshold: 0,
    metrics: { validation: figures, test: figures },
  };
  await saveModel(
    join(folder, "model"),
    await cnnSmall({ frames: 60, bands: 13, classes: 3, seed: 1 }),
    card,
  );
  await saveExample(join(folder, "second"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("prediction extracts the very features that training does, bit for bit", async () => {
  const features = await extractClips(clips, FEATURES, { cache: null, quiet: true });
  const network = await cnnSmall({ frames: 60, bands: 13, classes: 3, seed: 1 });
  const weights = Float32Array.from(network.getWeights().flatMap((weight) => [...weight.dataSync()]));
  // The core that predicts: another may differ in the last bit, and would hide that a feature does.
  const classify = await coreClassifier(predictionCore()!, programOf(network)!, weights);
  const model = await loadModel(join(folder, "model"));
  for (const [i, clip] of clips.entries()) {
    const raw = await classify(networkInput(features.matrix(i), card), 1);
    const expected = applyTemperature(raw, 3, card.temperature);
    const found = await model.predict(clip.path);
    expect(Object.values(found.probabilities!)).toEqual([...expected]);
    const { samples, sampleRate } = await readAudio(clip.path);
    expect(await model.predict({ samples, sampleRate })).toEqual(found);
  }
});

test("an answer names the likeliest emotion, and its probabilities sum to 1", async () => {
  const model = await loadModel(join(folder, "model"));
  const { emotion, confidence, probabilities, duration, windows, abstained } = await model.predict(
    clips[0]!.path,
  );
  expect(Object.keys(probabilities!)).toEqual(CLASSES);
  expect(probabilities![emotion!]).toBe(confidence);
  expect(confidence).toBe(Math.max(...Object.values(probabilities!)));
  expect(Object.values(probabilities!).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  expect(duration).toBeCloseTo(1, 3);
  expect(abstained).toBe(false);
  expect(windows).toEqual([{ start: 0, end: 1, emotion, confidence, probabilities }]);
});

test("the temperature of the card calibrates the probabilities", async () => {
  const plain = await (await loadModel(join(folder, "model"))).predict(clips[0]!.path);
  await saveExample(join(folder, "warm"), { ...card, temperature: 2 });
  const warm = await (await loadModel(join(folder, "warm"))).predict(clips[0]!.path);
  const roots = Object.values(plain.probabilities!).map(Math.sqrt);
  const sum = roots.reduce((a, b) => a + b);
  Object.values(warm.probabilities!).forEach((p, i) => {
    expect(p).toBeCloseTo(roots[i]! / sum, 5);
  });
});

test("below the threshold it abstains; a threshold of 0 always answers", async () => {
  await saveExample(join(folder, "shy"), { ...card, threshold: 1 });
  const shy = await (await loadModel(join(folder, "shy"))).predict(clips[0]!.path);
  expect(shy).toMatchObject({ emotion: null, abstained: true, reason: "unsure" });
  expect(shy.confidence).toBe(Math.max(...Object.values(shy.probabilities!)));
  const bold = await (await loadModel(join(folder, "shy"), { threshold: 0 })).predict(clips[0]!.path);
  expect(bold).toMatchObject({ emotion: expect.any(String), abstained: false });
  expect(bold).not.toHaveProperty("reason");
});

test("silence, noise and what is too short are said to be so", async () => {
  const { predict } = await loadModel(join(folder, "model"));
  const sampleRate = 16_000;
  const reason = async (samples: Float32Array) => (await predict({ samples, sampleRate })).reason;
  expect(await reason(new Float32Array(1))).toBe("too short");
  expect(await reason(new Float32Array(0))).toBe("too short");
  expect(await reason(buzz(0.2, sampleRate))).toBe("too short");
  expect(await reason(new Float32Array(2 * sampleRate))).toBe("silence");
  expect(await reason(new Float32Array(60 * sampleRate))).toBe("silence");
  expect(await reason(whiteNoise(2, sampleRate, 1e-4))).toBe("silence");
  expect(await reason(whiteNoise(2, sampleRate, 1))).toBe("noise");
  expect(await reason(whiteNoise(60, sampleRate, 1))).toBe("noise");
  expect(await predict({ samples: new Float32Array(sampleRate), sampleRate })).toEqual({
    ...{ duration: 1, emotion: null, confidence: null, abstained: true, reason: "silence" },
    ...{ probabilities: null, windows: [], warnings: [] },
  });
});

test("a long recording gives windows over its speech, and their mean", async () => {
  const rate = 16_000;
  const silence = (seconds: number) => new Float32Array(seconds * rate);
  const samples = joined(silence(2), buzz(0.6, rate), silence(3), buzz(2.3, rate, 220), silence(4));
  const model = await loadModel(join(folder, "second"));
  const { windows, probabilities, duration } = await model.predict({ samples, sampleRate: rate });
  expect(duration).toBeCloseTo(11.9);
  // The window is 1 s; margins of 0.15 s and frames of 20 ms.
  expect(windows.map(({ start }) => start)).toHaveLength(5);
  const near = (value: number, wanted: number) => expect(Math.abs(value - wanted)).toBeLessThan(0.045);
  near(windows[0]!.start, 1.85);
  near(windows[0]!.end, 2.75);
  near(windows[1]!.start, 5.45);
  near(windows[4]!.end, 8.05);
  for (const { start, end } of windows.slice(1)) expect(end - start).toBeCloseTo(1, 9);
  expect(windows[2]!.start - windows[1]!.start).toBeCloseTo(0.5, 9);
  const total = windows.reduce((sum, { start, end }) => sum + end - start, 0);
  for (const name of CLASSES) {
    const mean = windows.reduce((sum, w) => sum + (w.end - w.start) * w.probabilities[name]!, 0) / total;
    expect(probabilities![name]).toBeCloseTo(mean, 12);
  }
});

test("warns of what data check says of a level, in a short file, a long one and in samples", async () => {
  const { predict } = await loadModel(join(folder, "second"));
  const rate = 16_000;
  const path = join(folder, "odd.wav");
  const warnings = async (channels: Float32Array[]) => {
    await writeFile(path, encode(channels, { sampleRate: rate, bitDepth: 16 }));
    return (await predict(path)).warnings;
  };
  for (const seconds of [2, 20]) {
    const voice = buzz(seconds, rate).map((value) => 0.4 * value);
    expect(await warnings([voice])).toEqual([]);
    const offset = voice.map((value) => value + 0.25);
    expect(await warnings([offset])).toEqual(["constant offset (DC) of -12 dB of full scale"]);
    expect((await predict({ samples: offset, sampleRate: rate })).warnings).toHaveLength(1);
    const clipped = voice.map((value) => Math.max(-1, Math.min(1, 50 * value)));
    expect(await warnings([clipped])).toEqual(["clipped: three or more samples in a row at full scale"]);
    const faint = voice.map((value) => 0.01 * value);
    expect(await warnings([faint])).toEqual([expect.stringMatching(/^very low level/)]);
    expect(await warnings([voice, voice.map((value) => -value)])).toEqual([
      expect.stringMatching(/^the channels cancel each other out/),
    ]);
  }
});

test("a window of a long recording is what the same sound is alone", async () => {
  const sampleRate = 22_050;
  const model = await loadModel(join(folder, "second"));
  const samples = joined(buzz(3, sampleRate), new Float32Array(6 * sampleRate), buzz(0.7, sampleRate, 90));
  const { windows } = await model.predict({ samples, sampleRate });
  const alone = [];
  for await (const window of streamWindows([samples], { sampleRate, window: sampleRate, head: 0 }))
    alone.push((await model.predict({ samples: window.samples, sampleRate })).probabilities);
  expect(windows.map(({ probabilities }) => probabilities)).toEqual(alone);
});

test("a stream says what the file says, however the sound is cut into pieces", async () => {
  const rate = 24_414;
  const model = await loadModel(join(folder, "second"));
  const long = joined(
    whiteNoise(1, rate, 0.001),
    buzz(2.2, rate),
    whiteNoise(5, rate, 0.2),
    buzz(4.1, rate, 300),
  );
  for (const [name, samples] of [
    ["long", long],
    ["short", long.slice(0, 3 * rate)],
  ] as const) {
    const path = join(folder, `${name}.wav`);
    await writeWav(path, samples, rate);
    const { samples: stored } = await readAudio(path);
    const ofFile = await model.predict(path);
    expect(ofFile.windows.length > 1).toBe(name === "long");
    for (const size of [1, 37, 1000, 70_000, stored.length]) {
      const pieces = function* () {
        for (let at = 0; at < stored.length; at += size) yield stored.subarray(at, at + size);
      };
      const stream = model.stream(pieces(), rate);
      const windows = [];
      let result = await stream.next();
      for (; !result.done; result = await stream.next()) windows.push(result.value);
      expect(result.value).toEqual(ofFile);
      if (name === "long") expect(windows).toEqual(ofFile.windows);
    }
  }
});

test("a stream yields a window before the recording is over, and takes what comes in its own time", async () => {
  const model = await loadModel(join(folder, "second"));
  let closed = false;
  async function* endless() {
    try {
      for (let i = 0; ; i++) {
        await null;
        yield buzz(0.1, 16_000, 150, i);
      }
    } finally {
      closed = true;
    }
  }
  const starts = [];
  for await (const { start } of model.stream(endless(), 16_000)) if (starts.push(start) === 20) break;
  expect(starts).toEqual(Array.from({ length: 20 }, (_, i) => i / 2));
  // Nobody listens any more: a microphone or a file is let go.
  expect(closed).toBe(true);
});

test("a long recording tells how far it is, and can be stopped", async () => {
  const { predict } = await loadModel(join(folder, "second"));
  const stop = new AbortController();
  const shares: number[] = [];
  const onProgress = (share: number) => {
    shares.push(share);
    if (share >= 0.5) stop.abort();
  };
  const sound = { samples: buzz(10, 16_000), sampleRate: 16_000 };
  await predict(sound, { onProgress: (share) => shares.push(share) });
  expect(shares).toEqual([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
  await expect(predict(sound, { onProgress, signal: stop.signal })).rejects.toThrow(
    expect.objectContaining({ name: "AbortError" }),
  );
});

test("what is no sound is refused", async () => {
  const { predict, stream } = await loadModel(join(folder, "model"));
  const bad = Float32Array.of(0, Number.NaN);
  await expect(predict({ samples: bad, sampleRate: 16_000 })).rejects.toThrow("sample 1 is NaN");
  await expect(stream([bad], 16_000).next()).rejects.toThrow("sample 1 is NaN");
  await expect(stream([], 44_100.5).next()).rejects.toThrow("44100.5");
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

test("a model of a table's columns hears no sound, and says so", async () => {
  const table = { kind: "table", name: "egemaps.csv", columns: 13, digest: "0".repeat(64) } as const;
  const own = join(folder, "table");
  const network = await affine("linear", new Float32Array(39), new Float32Array(3));
  await saveModel(own, network, { ...card, model: "svm", frames: 1, features: table });
  await expect(loadModel(own)).rejects.toThrow(
    `${own} takes the columns of the table egemaps.csv, which cannot be computed from sound: its predictions for the test clips are in its run; to predict, train with --kind logmel or --encoder`,
  );
});

test("what is missing, damaged or of another version is named", async () => {
  const missing = /nowhere\/card.json: no such file.*ser train/;
  await expect(loadModel(join(folder, "nowhere"))).rejects.toThrow(missing);
  const damaged = join(folder, "damaged");
  const weights = join(damaged, "weights.bin");
  const change = async (text: string | Uint8Array, path = weights) => {
    // As an older card, which names no digests.
    await writeFile(join(damaged, "card.json"), JSON.stringify(await saveExample(damaged)));
    await writeFile(path, text);
    return expect(loadModel(damaged)).rejects;
  };
  await (await change("short")).toThrow(/weights.bin is 5 bytes long, which is not a multiple of 4/);
  await (await change("eight by")).toThrow(/weights.bin holds 2 weights, and the network has \d+/);
  await saveExample(damaged);
  const spoiled = await readFile(weights);
  spoiled.writeFloatLE(Number.NaN, 400);
  await (await change(spoiled)).toThrow(/weights.bin holds NaN at weight 100/);
  await rm(weights);
  await expect(loadModel(damaged)).rejects.toThrow(/weights.bin: no such file/);
  const cardOf = (partial: object) => JSON.stringify({ ...card, ...partial });
  const path = join(damaged, "card.json");
  await (await change("{", path)).toThrow(/card.json is not JSON/);
  await (await change("null", path)).toThrow(/card.json has no known version/);
  await (await change(cardOf({ schema: 1 }), path)).toThrow(
    /has version 1, and this program reads version 2: train/,
  );
  await (await change(cardOf({ frames: -1 }), path)).toThrow(/card.json is damaged: frames is -1: it takes/);
  await (await change(cardOf({ temperature: null }), path)).toThrow(
    /temperature is null: it takes a number above 0/,
  );
  await (await change(cardOf({ features: { ...FEATURES, hopLength: 0 } }), path)).toThrow(
    /features.hopLength is 0: it takes/,
  );
  await (await change(cardOf({ classes: ["a", "b"] }), path)).toThrow(/3 classes/);
  const speaker = { kind: "speaker", mean: [], scale: [], speakers: {} };
  await (await change(cardOf({ normaliser: speaker }), path)).toThrow(/normalises by speaker/);
  const digest = "a".repeat(64);
  const features = encoderSettings({ digest, width: 4, blocks: 2, family: "whisper" }, { layer: "all" });
  const facts = { name: "one", digest: "b".repeat(64), parameters: 1, licence: "MIT", source: "there" };
  await (await change(cardOf({ features, frames: 2, encoder: facts }), path)).toThrow(
    /frames is 2 for features of 3; encoder is not the encoder of its features/,
  );
});

test("one changed byte of the weights or the network is refused, of the program it is compiled anew", async () => {
  const copy = join(folder, "flipped");
  const answer = async () => (await (await loadModel(copy)).predict(clips[1]!.path)).probabilities!;
  await saveExample(copy);
  const wanted = await answer();
  const flip = async (name: string, at: number, bit: number) => {
    const path = join(copy, name);
    const bytes = await readFile(path);
    bytes[Math.floor(at * (bytes.length - 1))]! ^= 1 << bit;
    await writeFile(path, bytes);
  };
  const places = [0, 0.123, 0.5, 0.77, 1].flatMap((at) => [0, 3, 7].map((bit) => [at, bit] as const));
  for (const name of ["weights.bin", "model.json"])
    for (const [at, bit] of places) {
      await flip(name, at, bit);
      const reason = `${join(copy, name)} is damaged: its SHA-256 is not the one in card.json`;
      await expect(loadModel(copy)).rejects.toThrow(reason);
      if (name === "weights.bin") await expect(readWeights(copy)).rejects.toThrow(reason);
      await flip(name, at, bit);
    }
  for (const [at, bit] of places) {
    await flip("program.json", at, bit);
    expect(await answer()).toEqual(wanted);
    await flip("program.json", at, bit);
  }
  const { sha256: digests, ...older } = await readCard(copy);
  expect(Object.keys(digests!)).toEqual(["weights.bin", "model.json", "program.json"]);
  await writeFile(join(copy, "card.json"), JSON.stringify(older));
  expect(await answer()).toEqual(wanted);
});

test("the released model's card names the digests of its files", async () => {
  const released = join(projectRoot(), "results", "model");
  const { sha256: digests } = await readCard(released);
  expect(digests).toEqual(await digestsIn(released));
});

test("a model of another size is loaded and predicts, with its program and without", async () => {
  const sized = join(folder, "sized");
  const size = { filters: [8, 12, 16, 20], dropout: 0 };
  await saveExample(sized, { size });
  const model = await loadModel(sized);
  expect(model.card.size).toEqual(size);
  const { probabilities } = await model.predict(clips[1]!.path);
  expect(Object.values(probabilities!).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  expect(probabilities).not.toEqual(
    (await (await loadModel(join(folder, "model"))).predict(clips[1]!.path)).probabilities,
  );
  await rm(join(sized, "program.json"));
  for (const [name, p] of Object.entries(
    (await (await loadModel(sized)).predict(clips[1]!.path)).probabilities!,
  ))
    expect(p).toBeCloseTo(probabilities![name]!, 5);
});

test("without a current program the network is compiled anew, or runs on TensorFlow.js, and says the same", async () => {
  const wanted = (await (await loadModel(join(folder, "second"))).predict(clips[1]!.path)).probabilities;
  const copy = join(folder, "copy");
  await saveExample(copy);
  const path = join(copy, "program.json");
  const program = JSON.parse(await readFile(path, "utf8"));
  const answer = async () => (await (await loadModel(copy)).predict(clips[1]!.path)).probabilities!;
  for (const text of [
    JSON.stringify({ ...program, core: "another" }),
    "{",
    JSON.stringify({ core: program.core }),
  ]) {
    await writeFile(path, text);
    expect(await answer()).toEqual(wanted);
  }
  await rm(path);
  expect(await answer()).toEqual(wanted);
  await writeFile(join(copy, "card.json"), JSON.stringify(await saveExample(copy)));
  await rm(path);
  await writeFile(join(copy, "model.json"), JSON.stringify({ weightsManifest: [] }));
  await expect(loadModel(copy)).rejects.toThrow(/holds \d+ weights, and the network has 0/);
  await saveExample(copy);
  for (const engine of ["tfjs", "wasm"]) {
    vi.stubEnv("SER_ENGINE", engine);
    for (const [name, p] of Object.entries(await answer())) expect(p).toBeCloseTo(wanted![name]!, 4);
  }
  vi.stubEnv("SER_ENGINE", "abacus");
  await expect(loadModel(copy)).rejects.toThrow(/unknown engine "abacus"/);
  vi.unstubAllEnvs();
});

test("a layer that the core lacks runs on TensorFlow.js", async () => {
  const tf = await startTfjs();
  const model = tf.sequential({
    layers: [
      tf.layers.conv1d({ inputShape: [100, 13], filters: 4, kernelSize: 3, activation: "selu" }),
      tf.layers.globalAveragePooling1d({}),
      tf.layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
  const place = join(folder, "selu");
  await saveModel(place, model, { ...card, frames: 100 });
  expect(await readdir(place)).not.toContain("program.json");
  const { probabilities } = await (await loadModel(place)).predict(clips[0]!.path);
  expect(Object.values(probabilities!).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
});
