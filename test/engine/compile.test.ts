import type { layers as Layers, SymbolicTensor } from "@tensorflow/tfjs";
import { describe, expect, test } from "vitest";
import { compile, compileForward, UnknownLayer } from "../../lib/engine/compile.js";
import {
  ACTIVATION,
  CORE_FORWARD,
  CORE_MAGIC,
  DROPOUT,
  floatBits,
  NONE,
  OP,
  PARAM,
} from "../../lib/engine/core.js";
import { framePadding } from "../../lib/engine/layers/frame-padding.js";
import { selfAttention } from "../../lib/engine/layers/self-attention.js";
import { stochasticDepth } from "../../lib/engine/layers/stochastic-depth.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import { models } from "../../lib/models/models.js";
import { LAYERS } from "./gradients.js";
import { chain, network } from "./networks.js";

const tf = await startTfjs();
const { layers } = tf;

/** A program taken apart as core/core.h describes it. */
function parse(program: Int32Array) {
  const [magic, buffers, parameters, count, input, output] = program;
  let at = 6;
  const take = (n: number) => {
    at += n;
    return Array.from(program.subarray(at - n, at));
  };
  const sizes = take(buffers!);
  const table = Array.from({ length: parameters! }, () => take(3));
  const ops = Array.from({ length: count! }, () => {
    const words = program[at + 1]!;
    const [code, , from, to, ...fields] = take(words);
    return { code: code!, from: from!, to: to!, fields };
  });
  return { magic, sizes, table, ops, input: input!, output: output!, rest: program.length - at };
}

test("a small network, number by number", () => {
  const model = tf.sequential({
    layers: [
      layers.conv1d({
        filters: 4,
        kernelSize: 4,
        padding: "same",
        strides: 2,
        useBias: false,
        inputShape: [7, 3],
      }),
      layers.flatten(),
      layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const compiled = compile(model);
  const program = parse(compiled.program);
  expect(program.magic).toBe(CORE_MAGIC);
  expect(program.sizes).toEqual([21, 16, 2, 2]);
  expect(program.table).toEqual([
    [0, 48, PARAM.trainable | PARAM.decay],
    [48, 32, PARAM.trainable | PARAM.decay],
    [80, 2, PARAM.trainable],
  ]);
  expect(program.ops).toEqual([
    // 7 frames, window 4, stride 2: 4 places, one frame of padding before and two after
    { code: OP.conv2d, from: 0, to: 1, fields: [1, 7, 3, 4, 1, 4, 1, 2, 1, 1, 0, 0, 1, 2, 0, NONE] },
    { code: OP.dense, from: 1, to: 2, fields: [1, 16, 2, 48, 80] },
    { code: OP.activation, from: 2, to: 3, fields: [1, 2, ACTIVATION.softmax, 0] },
  ]);
  expect([program.input, program.output, program.rest]).toEqual([0, 3, 0]);
  expect(compiled).toMatchObject({ offsets: [0, 48, 80], inputSize: 21, classes: 2, parameters: 82 });
});

/** An encoder of one layer of attention. */
function encoder() {
  const input = tf.input({ shape: [null, 4] });
  const outputs = chain(
    input,
    framePadding({ before: 1, after: 1 }),
    layers.conv1d({ filters: 6, kernelSize: 3, strides: 2, useBias: false }),
    selfAttention({ heads: 2 }),
    stochasticDepth({ rate: 0.25 }),
  );
  return tf.model({ inputs: input, outputs });
}

test("a program that is only run forward ends in any layer, and drops nothing", () => {
  const compiled = compileForward(encoder(), [8, 4]);
  const { magic, sizes, ops, output } = parse(compiled.program);
  expect(magic).toBe(CORE_FORWARD);
  expect(sizes).toEqual([32, 24, 8]);
  expect(ops).toEqual([
    // 8 frames between one of padding on each side, whatever "same" would put there
    { code: OP.conv2d, from: 0, to: 1, fields: [1, 8, 4, 6, 1, 3, 1, 2, 1, 1, 0, 0, 1, 1, 0, NONE] },
    { code: OP.attention, from: 1, to: 2, fields: [4, 2, 2, NONE] },
  ]);
  expect([output, compiled.outputShape, compiled.inputSize]).toEqual([2, [4, 2], 32]);
  expect(compileForward(encoder(), [9, 4]).program.length).toBe(compiled.program.length);
  expect(() => compile(encoder(), [8, 4])).toThrow(UnknownLayer);
});

test("stochastic depth in training is a dropout with a mask a clip", () => {
  const input = tf.input({ shape: [3, 2] });
  const end = [layers.flatten(), layers.dense({ units: 2, activation: "softmax" })];
  const outputs = chain(input, stochasticDepth({ rate: 0.25 }), ...end);
  const [first] = parse(compile(tf.model({ inputs: input, outputs })).program).ops;
  expect(first).toMatchObject({ code: OP.dropout, fields: [3, 2, floatBits(0.25), 0, DROPOUT.clips] });
});

test.each(Object.entries(LAYERS))(
  "%s: every buffer is written before it is read, every weight is used",
  async (_, body) => {
    const { program, offsets, parameters } = compile(await network(body, [8, 4]));
    const { ops, input, output, sizes, table, rest } = parse(program);
    expect(rest).toBe(0);
    const written = new Set([input]);
    for (const { code, from, to, fields } of ops) {
      expect(written).toContain(from);
      if (([OP.add, OP.multiply, OP.dot] as number[]).includes(code)) expect(written).toContain(fields[0]);
      written.add(to);
    }
    expect(written).toEqual(new Set(sizes.keys()));
    expect(ops.at(-1)!.to).toBe(output);
    expect(table.map(([offset]) => offset)).toEqual(offsets);
    expect(Math.max(...table.map(([offset, size]) => offset! + size!))).toBeLessThanOrEqual(parameters);
  },
);

test.each(Object.keys(models) as (keyof typeof models)[])("the core knows all of %s", async (name) => {
  const model = await models[name]({ frames: 100, bands: 40, classes: 7, seed: 1 });
  const { offsets, inputSize, classes } = compile(model);
  expect([offsets.length, inputSize, classes]).toEqual([model.weights.length, 4000, 7]);
});

test("a mask is made once, and only where a recurrent layer wants it", () => {
  const lstm = () => layers.lstm({ units: 3, returnSequences: true }) as never;
  const codes = (...all: Layers.Layer[]) => {
    const input = tf.input({ shape: [6, 4] });
    const end = [layers.flatten(), layers.dense({ units: 2, activation: "softmax" })];
    return parse(compile(tf.model({ inputs: input, outputs: chain(input, ...all, ...end) })).program).ops.map(
      ({ code }) => code,
    );
  };
  const tail = [OP.dense, OP.activation];
  expect(codes(layers.masking({}), layers.dense({ units: 3 }))).toEqual([OP.dense, ...tail]);
  expect(
    codes(layers.masking({}), layers.dropout({ rate: 0 }), layers.bidirectional({ layer: lstm() })),
  ).toEqual([OP.frames, OP.lstm, OP.lstm, ...tail]);
  expect(codes(layers.masking({ maskValue: -1 }), lstm())).toEqual([
    OP.frames,
    OP.multiply,
    OP.lstm,
    ...tail,
  ]);
});

test("weights that are not trained are marked so", () => {
  const model = tf.sequential({
    layers: [
      layers.dense({ units: 3, inputShape: [2], trainable: false }),
      layers.batchNormalization({}),
      layers.dense({ units: 2, activation: "softmax" }),
    ],
  });
  const { table } = parse(compile(model).program);
  const flags = Object.fromEntries(
    model.weights.map((weight, i) => [weight.originalName.split("/").at(-1), table[i]![2]]),
  );
  const kernels = model.weights.flatMap((weight, i) => (weight.shape.length > 1 ? [table[i]![2]] : []));
  expect(kernels.sort()).toEqual([0, PARAM.trainable | PARAM.decay]);
  expect(flags).toMatchObject({
    gamma: PARAM.trainable,
    beta: PARAM.trainable,
    moving_mean: 0,
    moving_variance: 0,
  });
});

describe("what the core does not know is named", () => {
  const headless = (...all: Layers.Layer[]) => tf.model({ inputs: input, outputs: chain(input, ...all) });
  const model = (...all: Layers.Layer[]) =>
    headless(...all, layers.flatten(), layers.dense({ units: 2, activation: "softmax" }));
  const input: SymbolicTensor = tf.input({ shape: [6, 4] });

  test.each([
    [layers.gaussianNoise({ stddev: 1, name: "hiss" }), 'does not support GaussianNoise (layer "hiss")'],
    [
      layers.dense({ units: 3, activation: "selu", name: "d" }),
      'does not support Dense with activation "selu" (layer "d")',
    ],
    [
      layers.lstm({ units: 3, recurrentDropout: 0.2, returnSequences: true, name: "l" }),
      'LSTM with recurrentDropout 0.2 (layer "l")',
    ],
    [
      layers.batchNormalization({ axis: 1, name: "b" }),
      'BatchNormalization with an axis that is not the last (layer "b")',
    ],
    [
      layers.dropout({ rate: 0.1, noiseShape: [1, 6, 1], name: "dr" }),
      'Dropout with noiseShape [1,6,1] (layer "dr")',
    ],
  ])("%#", (layer, message) => {
    expect(() => compile(model(layer))).toThrow(UnknownLayer);
    expect(() => compile(model(layer))).toThrow(message);
  });

  test("padding that no convolution takes, or more than its kernel reaches over", () => {
    const padding = framePadding({ before: 2 });
    expect(() => compile(model(padding, layers.dense({ units: 3, name: "d" })))).toThrow(
      'Dense with padding that is not a Conv1D\'s (layer "d")',
    );
    expect(() => compileForward(headless(framePadding({ after: 1, name: "p" })))).toThrow(
      'FramePadding with padding that is not a Conv1D\'s (layer "p")',
    );
    expect(() => compile(model(padding, layers.conv1d({ filters: 2, kernelSize: 2, name: "c" })))).toThrow(
      'Conv1D with padding of more frames than its kernel reaches over (layer "c")',
    );
  });

  test("a recurrent layer behind one that loses the mask", () => {
    const lost = [layers.masking({}), layers.conv1d({ filters: 2, kernelSize: 3 })];
    expect(() => compile(model(...lost, layers.gru({ units: 3, name: "g", returnSequences: true })))).toThrow(
      'GRU with an input whose mask a layer before it has lost (layer "g")',
    );
  });

  test("a merge mode, and an end that is no softmax", () => {
    const lstm = () => layers.lstm({ units: 3, returnSequences: true }) as never;
    expect(() => compile(model(layers.bidirectional({ layer: lstm(), mergeMode: "ave" })))).toThrow(
      /mergeMode "ave"/,
    );
    expect(() => compile(headless(layers.flatten(), layers.dense({ units: 2 })))).toThrow(/end in a softmax/);
    expect(() => compile(headless(layers.dense({ units: 2, activation: "softmax" })))).toThrow(
      /end in a softmax/,
    );
  });
});
