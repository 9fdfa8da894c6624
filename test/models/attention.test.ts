import type { LayersModel } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { predict } from "../../lib/engine/engine.js";
import { attention } from "../../lib/models/attention.js";

const [BANDS, CLASSES, UNITS] = [5, 3, 4];
const make = (frames: number) =>
  attention({ frames, bands: BANDS, classes: CLASSES, seed: 2, size: { units: UNITS } });

function noise(frames: number): Float32Array {
  const rng = random("attention");
  return Float32Array.from({ length: frames * BANDS }, () => rng.normal());
}

/** Sums over columns of the rows `x` with a kernel [in, out] and a bias. */
function affine(x: readonly number[], [kernel, bias]: readonly Float32Array[], out: number): number[] {
  return Array.from({ length: out }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * kernel![i * out + o]!, bias?.[o] ?? 0),
  );
}

const relu = (values: readonly number[]) => values.map((value) => Math.max(0, value));

function softmax(values: readonly number[]): number[] {
  const powers = values.map((value) => Math.exp(value));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

/** The formula: the means of the projected frames and of their squares, by the softmax of the scores. */
function plainly(model: LayersModel, frames: readonly (readonly number[])[]): number[] {
  const [w, b, score, w1, b1, w2, b2] = model.weights.map((weight) =>
    Float32Array.from(weight.read().dataSync()),
  );
  const projected = frames.map((frame) => relu(affine(frame, [w!, b!], UNITS)));
  const shares = softmax(projected.map((frame) => affine(frame, [score!], 1)[0]!));
  const mean = (power: number) =>
    Array.from({ length: UNITS }, (_, u) =>
      projected.reduce((sum, frame, t) => sum + shares[t]! * frame[u]! ** power, 0),
    );
  const hidden = relu(affine([...mean(1), ...mean(2)], [w1!, b1!], UNITS));
  return softmax(affine(hidden, [w2!, b2!], CLASSES));
}

test("gives what its formula says, and padding has no weight, however much there is", async () => {
  const [real, bands] = [6, BANDS];
  const sound = noise(real);
  const rows = Array.from({ length: real }, (_, t) => [...sound.subarray(t * bands, (t + 1) * bands)]);
  for (const frames of [6, 9, 20]) {
    const model = await make(frames);
    const x = new Float32Array(frames * bands);
    x.set(sound);
    const found = await predict(model, { x, shape: [frames, bands], count: 1 });
    plainly(model, rows).forEach((value, c) => {
      expect(found[c]).toBeCloseTo(value, 5);
    });
    model.dispose();
  }
});

test("the order of the frames is nothing to it", async () => {
  const frames = 7;
  const sound = noise(frames);
  const turned = new Float32Array(sound.length);
  for (let t = 0; t < frames; t++)
    turned.set(sound.subarray(t * BANDS, (t + 1) * BANDS), (frames - 1 - t) * BANDS);
  const model = await make(frames);
  const ask = (x: Float32Array) => predict(model, { x, shape: [frames, BANDS], count: 1 });
  const [one, other] = [await ask(sound), await ask(turned)];
  one.forEach((value, c) => {
    expect(other[c]).toBeCloseTo(value, 5);
  });
  model.dispose();
});
