import type { Tensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { createForward } from "../../../lib/engine/forward.js";
import { gelu } from "../../../lib/engine/layers/gelu.js";
import { startTfjs } from "../../../lib/engine/tfjs.js";
import { cores } from "../gradients.js";
import { reloaded } from "./reloaded.js";

const tf = await startTfjs();

/** By PyTorch 2.13's functional.gelu in double precision. */
const KNOWN: readonly [number, number][] = [
  [-6, -5.919525869479969e-9],
  [-3, -0.00404969409489031],
  [-1.3, -0.1258406299612934],
  [-1, -0.15865525393145702],
  [-0.5, -0.15426876936299344],
  [-1e-3, -0.000499601057786089],
  [0, 0],
  [0.7, 0.5306254434438489],
  [1, 0.841344746068543],
  [1.4, 1.2869406770727205],
  [2.5, 2.4844758366855597],
  [8, 7.999999999999995],
];

test("the values are PyTorch's", () => {
  const found = (gelu().apply(tf.tensor1d(KNOWN.map(([x]) => x))) as Tensor).dataSync();
  KNOWN.forEach(([, y], i) => {
    expect(Math.abs(found[i]! - y)).toBeLessThan(2e-7 * Math.max(1, Math.abs(y)));
  });
});

test.each(cores().map((core) => [core.engine, core] as const))(
  "in the core they are so to a few units of the last place (%s)",
  async (_, core) => {
    const input = tf.input({ shape: [null, 1] });
    const model = tf.model({ inputs: input, outputs: gelu().apply(input) as typeof input });
    const forward = await createForward(model, [], { engine: core.engine });
    const { data } = await forward.run(
      Float32Array.from(KNOWN, ([x]) => x),
      KNOWN.length,
    );
    KNOWN.forEach(([x, y], i) => {
      expect(Math.abs(data[i]! - y)).toBeLessThan(1e-7 * Math.max(1, Math.abs(x)));
    });
    expect((await forward.run(Float32Array.of(Number.NaN), 1)).data[0]).toBeNaN();
    await forward.dispose();
  },
);

test("a saved model that holds it loads", async () => {
  const input = tf.input({ shape: [4] });
  const model = tf.model({ inputs: input, outputs: gelu({ name: "g" }).apply(input) as typeof input });
  const loaded = await reloaded(model);
  expect(loaded.getLayer("g").getClassName()).toBe("Gelu");
});
