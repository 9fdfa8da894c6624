import { fileURLToPath } from "node:url";
import type { LayersModel, Tensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { recognise } from "../../lib/encoders/families.js";
import { make } from "../../lib/encoders/family.js";
import { openModel } from "../../lib/encoders/open.js";
import { SafetensorsFile } from "../../lib/encoders/safetensors.js";
import { wav2vec2ShapeOf } from "../../lib/encoders/wav2vec2.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { standardized, wav2vec2 } from "../../lib/models/wav2vec2.js";

const tf = await startTfjs();
await tf.setBackend("cpu");

/** Made by make_wav2vec2.py there with Hugging Face's transformers. */
const folder = (name: string) => fileURLToPath(new URL(`../fixtures/encoders/${name}`, import.meta.url));

async function network(name: string): Promise<LayersModel> {
  const files = await openModel(folder(name));
  const { shape, recipes } = await recognise(files);
  const tensors = new Map(
    await Promise.all(
      recipes.map(async (recipe) => [recipe.name, await make(recipe, files.tensors)] as const),
    ),
  );
  await files.tensors.close();
  const model = await wav2vec2(wav2vec2ShapeOf(shape, tensors));
  expect(model.weights.map((weight) => weight.originalName).sort()).toEqual([...tensors.keys()].sort());
  for (const weight of model.weights) {
    const { shape, data } = tensors.get(weight.originalName)!;
    weight.write(tf.tensor(data, shape));
  }
  return model;
}

async function expected(name: string) {
  const file = await SafetensorsFile.open(`${folder(name)}/states.safetensors`);
  const read = async (tensor: string) => ({
    shape: file.shapes.get(tensor)!,
    data: await file.read(tensor),
  });
  const all = {
    samples: await read("samples"),
    normalised: await read("normalised"),
    states: await read("states"),
  };
  await file.close();
  return all;
}

/** The largest difference of each state of [frames, states x width], as a share of its deviation. */
function errors(found: Float32Array, states: { shape: readonly number[]; data: Float32Array }): number[] {
  const [count, frames, width] = states.shape as [number, number, number];
  return Array.from({ length: count }, (_, state) => {
    const values = states.data.subarray(state * frames * width, (state + 1) * frames * width);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
    const differences = Array.from(values, (value, i) => {
      const at = Math.floor(i / width) * count * width + state * width + (i % width);
      return Math.abs(value - found[at]!);
    });
    return Math.max(...differences) / deviation;
  });
}

describe.each(["wav2vec2", "hubert"])("a small %s", (name) => {
  test("run by tfjs gives transformers' hidden states", async () => {
    const { samples, states } = await expected(name);
    const model = await network(name);
    const x = standardized(samples.data);
    const found = model.predict(tf.tensor3d(x, [1, x.length, 1])) as Tensor;
    expect(found.shape.slice(1)).toEqual([states.shape[1], states.shape[0]! * states.shape[2]!]);
    console.log(errors((await found.data()) as Float32Array, states));
    expect(Math.max(...errors((await found.data()) as Float32Array, states))).toBeLessThan(1e-4);
  });
});

test("samples are standardised as Hugging Face's feature extractor does", async () => {
  const { samples, normalised } = await expected("wav2vec2");
  const found = standardized(samples.data);
  normalised.data.forEach((value, i) => {
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5);
  });
});
