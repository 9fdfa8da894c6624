import { expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { startTfjs } from "../../lib/engine/tfjs.js";

test("runs on WebAssembly", async () => {
  expect((await startTfjs()).getBackend()).toBe("wasm");
});

const CASES = [
  { x: [2, 1, 9, 3], filter: [1, 5, 3, 4], strides: [1, 1], pad: "same" },
  { x: [3, 1, 8, 2], filter: [1, 3, 2, 5], strides: [1, 2], pad: "same" },
  { x: [1, 7, 6, 2], filter: [3, 3, 2, 3], strides: [1, 1], pad: "valid" },
  { x: [2, 8, 7, 1], filter: [3, 2, 1, 2], strides: [2, 2], pad: "same" },
  { x: [2, 5, 5, 3], filter: [1, 1, 3, 2], strides: [1, 1], pad: "valid" },
] as const;

for (const { x, filter, strides, pad } of CASES) {
  test(`the filter's gradient equals that of pure JavaScript: ${x} * ${filter}, strides ${strides}, ${pad}`, async () => {
    const tf = await startTfjs();
    const rng = random(7);
    const numbers = (shape: readonly number[]) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => rng.normal());
    const inputs = numbers(x);
    const weights = numbers(filter);
    const gradient = async (backend: string) => {
      await tf.setBackend(backend);
      return tf.tidy(() => {
        const input = tf.tensor4d(inputs, [...x]);
        const loss = (w: ReturnType<typeof tf.tensor4d>) =>
          tf.sum(tf.square(tf.conv2d(input, w, [...strides], pad)));
        return tf
          .grad((w) => loss(w as ReturnType<typeof tf.tensor4d>))(tf.tensor4d(weights, [...filter]))
          .dataSync();
      });
    };
    const expected = await gradient("cpu");
    const found = await gradient("wasm");
    const scale = Math.max(...expected.map(Math.abs));
    found.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!) / scale).toBeLessThan(1e-5);
    });
  });
}
