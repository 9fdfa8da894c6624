import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LayersModel } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { Interrupted, UsageError, UserError } from "../../lib/base/errors.js";
import { sha256 } from "../../lib/base/hash.js";
import { models } from "../../lib/models/models.js";
import type { NetworkName } from "../../lib/models/names.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { type Beginning, begin } from "../../lib/training/beginning.js";
import { trainFold } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech, testOf } from "./speech.js";

const flat = (model: LayersModel) =>
  Float32Array.from(model.weights.flatMap((weight) => [...weight.read().dataSync()]));

function beginningOf(model: LayersModel, classes: readonly string[]): Beginning {
  const weights = flat(model);
  return { sha256: sha256(new Uint8Array(weights.buffer)), weights, classes };
}

const digest = (values: ArrayLike<number>) => sha256(new Uint8Array(Float32Array.from(values).buffer));

const made = (name: NetworkName, classes: number, seed: number) =>
  models[name]({ frames: 12, bands: 5, classes, seed });

test.each(["cnn-small", "clstm", "attention"] as const)("%s: every weight is the other's", async (name) => {
  const [old, fresh] = [await made(name, 3, 1), await made(name, 3, 2)];
  expect(digest(flat(fresh))).not.toBe(digest(flat(old)));
  await begin(fresh, beginningOf(old, CLASSES), CLASSES);
  expect(digest(flat(fresh))).toBe(digest(flat(old)));
});

test.each([
  ["more classes", ["anger", "sadness", "neutral", "calm"]],
  ["fewer", ["anger", "neutral"]],
  ["others", ["anger", "sadness", "calm"]],
  ["the same in another order", ["sadness", "anger", "neutral"]],
])("%s: all but the last layer is the other's", async (_, classes) => {
  for (const name of ["cnn", "bilstm"] as const) {
    const [old, fresh] = [await made(name, 3, 1), await made(name, classes.length, 2)];
    const drawn = fresh.layers
      .at(-1)!
      .getWeights()
      .map((value) => value.dataSync());
    await begin(fresh, beginningOf(old, CLASSES), classes);
    const copies = (model: LayersModel) =>
      model.layers
        .slice(0, -1)
        .flatMap((layer) => layer.getWeights().map((value) => digest(value.dataSync())));
    expect(copies(fresh)).toEqual(copies(old));
    expect(
      fresh.layers
        .at(-1)!
        .getWeights()
        .map((value) => value.dataSync()),
    ).toEqual(drawn);
  }
});

test("weights of another network are refused", async () => {
  const [old, fresh] = [await made("lstm", 3, 1), await made("clstm", 3, 1)];
  await expect(begin(fresh, beginningOf(old, CLASSES), CLASSES)).rejects.toThrow(UserError);
  await expect(begin(fresh, beginningOf(old, CLASSES), CLASSES)).rejects.toThrow(
    /the weights [0-9a-f]{12} are \d+ numbers, but this network has \d+ for 3 classes: it is of another kind or size/,
  );
});

const quiet = { quiet: true, engine: "wasm", threads: 1 } as const;
const features = speech(90);
const split = heldOutSpeakers(features.clips);

/** A finished training, and what another begins with. */
async function finished() {
  const first = await trainFold(features, split, CLASSES, { ...SETTINGS, epochs: 6 }, quiet);
  const beginning = beginningOf(first.network, CLASSES);
  return { first, beginning, settings: { ...SETTINGS, epochs: 2, from: beginning.sha256 } };
}

test("a training goes on where the other ended", async () => {
  const { first, beginning, settings } = await finished();
  const still = { ...settings, epochs: 1, learningRate: 1e-30, batchSize: 90 };
  const same = await trainFold(features, split, CLASSES, still, { ...quiet, beginning });
  expect(same.validation.metrics).toEqual(first.validation.metrics);
  expect(same.history[0]!.trainLoss).toBeLessThan(first.history[1]!.trainLoss);
});

test("a second training begins with the same weights", async () => {
  const { beginning, settings } = await finished();
  const losses: number[] = [];
  const second = await trainFold(
    features,
    split,
    CLASSES,
    { ...settings, refit: true },
    {
      ...{ ...quiet, beginning },
      onRefitEpoch: (_, loss) => losses.push(loss),
    },
  );
  const nothing: number[] = [];
  const { from: _, ...rest } = settings;
  await trainFold(
    features,
    split,
    CLASSES,
    { ...rest, refit: true },
    {
      ...quiet,
      onRefitEpoch: (_, loss) => nothing.push(loss),
    },
  );
  expect(losses[0]).toBeLessThan(0.7 * nothing[0]!);
  expect(second.refitted!.clips).toBe(split.train.length + split.validation.length);
});

test("stopped and resumed it ends with the weights of one that was not stopped", async () => {
  const { beginning, settings } = await finished();
  const whole = await trainFold(features, split, CLASSES, settings, { ...quiet, beginning });
  const folder = await mkdtemp(join(tmpdir(), "ser-beginning-"));
  try {
    const stop = new AbortController();
    const stopped = trainFold(features, split, CLASSES, settings, {
      ...{ ...quiet, beginning, folder, signal: stop.signal },
      onStep: (step) => step === 3 && stop.abort(),
    });
    await expect(stopped).rejects.toThrow(Interrupted);
    const resumed = await trainFold(features, split, CLASSES, settings, {
      ...{ ...quiet, beginning, folder, resume: true },
    });
    expect(flat(resumed.network)).toEqual(flat(whole.network));
    const test = (trained: typeof whole) => testOf(trained, features, split);
    expect((await test(resumed)).probabilities).toEqual((await test(whole)).probabilities);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("settings and weights must name the same", async () => {
  const { beginning, settings } = await finished();
  const go = (own: typeof SETTINGS, given?: Beginning) =>
    trainFold(features, split, CLASSES, own, { ...quiet, beginning: given });
  await expect(go(settings)).rejects.toThrow(UsageError);
  await expect(go(settings)).rejects.toThrow("given are none");
  await expect(go(SETTINGS, beginning)).rejects.toThrow("that the seed draws");
  await expect(go({ ...settings, from: "0".repeat(64) }, beginning)).rejects.toThrow(
    `given are those of ${beginning.sha256.slice(0, 12)}`,
  );
  const network = await made("cnn-small", 3, 1);
  await expect(
    trainFold(features, split, CLASSES, settings, { ...quiet, beginning, network }),
  ).rejects.toThrow("has weights of its own");
});
