import type { SymbolicTensor } from "@tensorflow/tfjs";
import { expect, test } from "vitest";
import { readGraph, refuseRegularizers } from "../../lib/engine/graph.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { chain } from "./networks.js";

const tf = await startTfjs();
const { layers } = tf;

test("a sequential model is a list of layers with their shapes", () => {
  const model = tf.sequential({
    layers: [
      layers.conv1d({ filters: 4, kernelSize: 3, strides: 2, inputShape: [9, 5] }),
      layers.flatten(),
      layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const graph = readGraph(model);
  expect(graph.inputShape).toEqual([9, 5]);
  expect(graph.nodes.map(({ kind, inputs, shape }) => [kind, inputs, shape])).toEqual([
    ["InputLayer", [], [9, 5]],
    ["Conv1D", [0], [4, 4]],
    ["Flatten", [1], [16]],
    ["Dense", [2], [2]],
  ]);
});

test("branches, layers used twice and models used as layers", () => {
  const input = tf.input({ shape: [6] });
  const shared = layers.dense({ units: 6 });
  const once = chain(input, shared);
  const twice = chain(once, shared);
  const sum = layers.add().apply([once, twice]) as SymbolicTensor;
  const inner = tf.sequential({
    layers: [layers.dense({ units: 3, inputShape: [6] }), layers.dense({ units: 2, activation: "softmax" })],
  });
  const graph = readGraph(tf.model({ inputs: input, outputs: chain(sum, inner) }));
  expect(graph.nodes.map(({ kind, inputs }) => [kind, inputs])).toEqual([
    ["InputLayer", []],
    ["Dense", [0]],
    ["Dense", [1]],
    ["Add", [1, 2]],
    ["Dense", [3]],
    ["Dense", [4]],
  ]);
  expect(graph.nodes[1]!.layer).toBe(graph.nodes[2]!.layer);
});

test("an open dimension takes the given shape, and is refused without", () => {
  const model = tf.sequential({
    layers: [
      layers.lstm({ units: 3, returnSequences: true, inputShape: [null, 5] }),
      layers.globalMaxPooling1d({}),
    ],
  });
  expect(readGraph(model, [11, 5]).nodes[1]!.shape).toEqual([11, 3]);
  expect(() => readGraph(model)).toThrow(/leaves its input shape open/);
});

test("several outputs are refused", () => {
  const input = tf.input({ shape: [3] });
  const outputs = [1, 2].map((units) => chain(input, layers.dense({ units })));
  expect(() => readGraph(tf.model({ inputs: input, outputs }))).toThrow(/1 inputs and 2 outputs/);
});

test("regularizers and constraints are refused by name, also inside a wrapper", () => {
  const plain = layers.dense({ units: 2, inputShape: [3] });
  expect(() => refuseRegularizers(tf.sequential({ layers: [plain] }))).not.toThrow();
  const kernelRegularizer = tf.regularizers.l2({ l2: 0.1 });
  const lstm = layers.lstm({ units: 2, kernelRegularizer });
  const both = layers.bidirectional({
    layer: lstm as never,
    mergeMode: "sum",
    inputShape: [4, 3],
    name: "both",
  });
  expect(() => refuseRegularizers(tf.sequential({ layers: [both] }))).toThrow(
    /"both" has a kernelRegularizer/,
  );
});
