import { fileURLToPath } from "node:url";
import type { LayersModel } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { recognise } from "../../lib/encoders/families.js";
import { make } from "../../lib/encoders/family.js";
import { openModel } from "../../lib/encoders/open.js";
import { SafetensorsFile } from "../../lib/encoders/safetensors.js";
import { wav2vec2ShapeOf } from "../../lib/encoders/wav2vec2.js";
import { createForward } from "../../lib/engine/forward.js";
import { standardized, wav2vec2 } from "../../lib/models/wav2vec2.js";
import { CORE_ENGINES, coreDerivatives, cores, gradientError, tfjsDerivatives } from "../engine/gradients.js";
import { network, randomBatch } from "../engine/networks.js";

/** Made by make_wav2vec2.py there with Hugging Face's transformers. */
const folder = (name: string) => fileURLToPath(new URL(`../fixtures/encoders/${name}`, import.meta.url));

/** The model of a fixture, and its weights in the order of `model.weights`. */
async function fixture(name: string): Promise<{ model: LayersModel; weights: Float32Array[] }> {
  const files = await openModel(folder(name));
  const { shape, recipes } = await recognise(files);
  const tensors = new Map(
    await Promise.all(
      recipes.map(async (recipe) => [recipe.name, await make(recipe, files.tensors)] as const),
    ),
  );
  await files.tensors.close();
  const model = await wav2vec2(wav2vec2ShapeOf(shape, tensors));
  const named = model.weights.map((weight) => [weight.originalName, weight.shape]);
  expect(named.sort()).toEqual([...tensors].map(([tensor, { shape: size }]) => [tensor, size]).sort());
  return { model, weights: model.weights.map(({ originalName }) => tensors.get(originalName)!.data) };
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

describe.each(["wav2vec2", "hubert"])("a small %s gives transformers' hidden states", (name) => {
  test.each([...CORE_ENGINES, "tfjs"] as const)("%s", async (engine) => {
    const { samples, states } = await expected(name);
    const { model, weights } = await fixture(name);
    const forward = await createForward(model, weights, { engine, threads: 2 });
    expect(forward.engine).toBe(engine);
    const x = standardized(samples.data);
    // Before and after an input of another length.
    for (const length of [x.length, 1700, x.length]) {
      const { data, rows, cols } = await forward.run(x.subarray(0, length), length);
      expect(rows).toBe(Math.floor((length - 400) / 320) + 1);
      if (length < x.length) continue;
      expect([rows, cols]).toEqual([states.shape[1], states.shape[0]! * states.shape[2]!]);
      for (const error of errors(data, states)) expect(error).toBeLessThan(1e-4);
    }
    await forward.dispose();
  });
});

test.each(CORE_ENGINES)("%s: the states do not depend on the threads", async (engine) => {
  const { samples } = await expected("wav2vec2");
  const { model, weights } = await fixture("wav2vec2");
  const answers: Float32Array[] = [];
  for (const threads of [1, 2, 3]) {
    const forward = await createForward(model, weights, { engine, threads });
    answers.push((await forward.run(samples.data, samples.data.length)).data);
    await forward.dispose();
  }
  expect(answers[1]).toEqual(answers[0]);
  expect(answers[2]).toEqual(answers[0]);
});

test("the core's gradients of the whole network are those of TensorFlow.js", async () => {
  const encoder = await wav2vec2({
    ...{ blocks: 1, width: 8, heads: 2, hidden: 10, bands: 0, positions: 0 },
    ...{ channels: 4, reach: 4, groups: 2 },
  });
  const samples = 1700;
  const model = await network((x) => encoder.apply(x) as typeof x, [samples, 1]);
  const batch = randomBatch(2, samples);
  const expected = await tfjsDerivatives(model, batch);
  for (const core of cores()) {
    const found = await coreDerivatives(core, model, batch, 2);
    expect(Math.abs(found.loss - expected.loss), core.engine).toBeLessThan(1e-4);
    expect(gradientError(found.gradients, expected.gradients), core.engine).toBeLessThan(1e-4);
  }
});

test("a clip that is too short for a frame is refused", async () => {
  const { model, weights } = await fixture("hubert");
  const forward = await createForward(model, weights);
  expect((await forward.run(new Float32Array(400), 400)).rows).toBe(1);
  await expect(forward.run(new Float32Array(399), 399)).rejects.toThrow("399 frames is too short");
  await forward.dispose();
});

test("samples are standardised as Hugging Face's feature extractor does", async () => {
  const { samples, normalised } = await expected("wav2vec2");
  const found = standardized(samples.data);
  normalised.data.forEach((value, i) => {
    expect(Math.abs(found[i]! - value)).toBeLessThan(1e-5);
  });
});
