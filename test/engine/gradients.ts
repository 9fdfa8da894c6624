import type { LayersModel, SymbolicTensor, Tensor, Variable } from "@tensorflow/tfjs";
import type { Core } from "../../lib/engine/core.js";
import { createCoreTrainer } from "../../lib/engine/core-trainer.js";
import { framePadding } from "../../lib/engine/layers/frame-padding.js";
import { frameWeights } from "../../lib/engine/layers/frame-weights.js";
import { gelu } from "../../lib/engine/layers/gelu.js";
import { groupNorm } from "../../lib/engine/layers/group-norm.js";
import { groupedConv } from "../../lib/engine/layers/grouped-conv.js";
import { positions } from "../../lib/engine/layers/positions.js";
import { selfAttention } from "../../lib/engine/layers/self-attention.js";
import { loadNative } from "../../lib/engine/native.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import type { Batch } from "../../lib/engine/trainer.js";
import { loadWasm } from "../../lib/engine/wasm.js";
import { transformerBlock } from "../../lib/models/transformer.js";
import { type Body, chain, randomBatch } from "./networks.js";

/** The builds of the core that run here. */
export function cores(): Core[] {
  return [loadNative(), loadWasm()].flatMap((found) => ("core" in found ? [found.core] : []));
}

/** What they are called: native only where there is a compiler. */
export const CORE_ENGINES = cores().map(({ engine }) => engine);

/** What one step sees, before it changes a weight. */
export interface Derivatives {
  loss: number;
  /** In the order of `model.trainableWeights`. */
  gradients: ArrayLike<number>[];
  /** The other weights after the step: running statistics. */
  statistics: ArrayLike<number>[];
}

/** By the automatic differentiation of TensorFlow.js in plain JavaScript. The model is left as it was. */
export async function tfjsDerivatives(model: LayersModel, batch: Batch): Promise<Derivatives> {
  const tf = await startTfjs();
  await tf.setBackend("cpu");
  const frozen = model.weights.filter((weight) => !model.trainableWeights.includes(weight));
  const before = frozen.map((weight) => Float32Array.from(weight.read().dataSync()));
  const inputShape = model.inputs[0]!.shape.slice(1) as number[];
  const open = inputShape.map(
    (size) => size ?? batch.x.length / batch.count / inputShape.reduce((a, b) => a * (b ?? 1), 1),
  );
  const derivatives = tf.tidy(() => {
    const variables = model.trainableWeights.map((weight) => weight.read() as Variable);
    const { value, grads } = tf.variableGrads(() => {
      const p = model.apply(tf.tensor(batch.x, [batch.count, ...open]), { training: true }) as Tensor;
      const entropy = tf.neg(tf.sum(tf.mul(tf.tensor(batch.y, p.shape), tf.log(p)), -1));
      return tf.mean(batch.weights ? tf.mul(entropy, tf.tensor1d(batch.weights)) : entropy).asScalar();
    }, variables);
    return {
      loss: value.dataSync()[0]!,
      gradients: variables.map(({ name }) => Float32Array.from(grads[name]!.dataSync())),
      statistics: frozen.map((weight) => Float32Array.from(weight.read().dataSync())),
    };
  });
  tf.tidy(() => {
    frozen.forEach((weight, i) => {
      weight.write(tf.tensor(before[i]!, weight.shape as number[]));
    });
  });
  return derivatives;
}

/** By the core: after one update at rate 0, Adam's first moment is (1 - beta1) times the gradient. */
export async function coreDerivatives(
  core: Core,
  model: LayersModel,
  batch: Batch,
  threads = 1,
): Promise<Derivatives> {
  const beta1 = 0.5; // a power of two loses no bit
  const options = { optimizer: { name: "adam", beta1 }, seed: 1, maxBatch: batch.count, threads } as const;
  const trainer = await createCoreTrainer(core, model, options);
  try {
    const loss = await trainer.step(batch, 0);
    const { m, weights } = await trainer.state();
    const statistics = weights.filter((_, i) => !model.trainableWeights.includes(model.weights[i]!));
    return { loss, gradients: m.map((values) => values.map((value) => value / (1 - beta1))), statistics };
  } finally {
    await trainer.dispose();
  }
}

/** What the gradient of a tensor is measured against at least, as a share of the largest of all tensors. */
const FLOOR = 1e-2;

/**
 * The largest error of an entry, as a share of its tensor's largest entry. Tensors whose gradient is nothing but
 * rounding (a bias under a normalisation has none) are measured against a share of the model's largest entry, a
 * hundredth if nothing else is said.
 */
export function gradientError(
  found: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
  share = FLOOR,
): number {
  const floor = share * Math.max(...expected.map(largest));
  return Math.max(
    0,
    ...expected.map((values, tensor) => {
      const differences = Array.from(values, (value, i) =>
        Number.isNaN(value) ? 0 : value - found[tensor]![i]!,
      );
      if (differences.some(Number.isNaN)) return Number.POSITIVE_INFINITY;
      return largest(differences) / Math.max(largest(values), floor, 1e-30);
    }),
  );
}

/** The largest absolute value; NaN stands for what is not known. */
function largest(values: ArrayLike<number>): number {
  return Array.from(values).reduce((most, value) => (Math.abs(value) > most ? Math.abs(value) : most), 0);
}

/** What TensorFlow.js 4.22 cannot differentiate, or does wrongly; for these the finite differences alone speak. */
export function tfjsCan(name: string, count: number, frames: number): boolean {
  if (name === "conv1d dilated") return false; // "dilation rates greater than 1 are not yet supported in gradients"
  if (/batch normalisation, no/.test(name)) return false; // reads the gamma that is not there
  // One value has no spread and its normalisation no gradient, in whose place TensorFlow.js has rounding errors.
  if (/^batch normalisation/.test(name) && (name.endsWith("columns") ? count : count * frames) === 1)
    return false;
  if (/^mean pooling/.test(name)) return false; // the gradient at the edge divides by the whole window, the mean does not
  return frames > 1 || !/lstm|gru|recurrent/.test(name); // "stack must be a Tensor[]": a sequence of one step into a second layer
}

/** A seeded batch; the clips of layers that know of padding begin and end with some, and one is nothing else. */
export function batchFor(name: string, count: number, frames: number, width: number, seed = 1): Batch {
  const batch = randomBatch(count, frames * width, 3, seed);
  if (!name.includes("padding")) return batch;
  for (let clip = 0; clip < count; clip++) {
    const at = (frame: number) => (clip * frames + frame) * width;
    const real = Math.ceil((frames * (count - clip)) / (count + 1));
    if (clip > 1) batch.x.fill(0, at(0), at(1));
    batch.x.fill(0, at(clip === 3 ? 0 : real), at(frames));
  }
  return batch;
}

/** Layers that the core knows, on an input of [frames, width], each in a network that also puts weights before it. */
export const LAYERS: Readonly<Record<string, Body>> = {
  ...Object.fromEntries(
    (["relu", "elu", "tanh", "sigmoid", "hardSigmoid", "softmax", "linear"] as const).map((activation) => [
      `dense ${activation}`,
      (x: SymbolicTensor, { layers }: Parameters<Body>[1]) =>
        chain(x, layers.dense({ units: 5, activation })),
    ]),
  ),
  "dense, no bias": (x, { layers }) => chain(x, layers.dense({ units: 4, useBias: false })),
  "time distributed dense": (x, { layers }) =>
    chain(x, layers.timeDistributed({ layer: layers.dense({ units: 3 }) })),
  "dense 1": (x, { layers }) => chain(x, layers.dense({ units: 1 })),
  "dense 33": (x, { layers }) =>
    chain(x, layers.globalAveragePooling1d({}), layers.dense({ units: 33, activation: "tanh" })),
  "conv1d same": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 5 }),
      layers.conv1d({ filters: 6, kernelSize: 5, padding: "same", activation: "relu" }),
    ),
  "conv1d valid": (x, { layers }) =>
    chain(x, layers.dense({ units: 5 }), layers.conv1d({ filters: 17, kernelSize: 1 })),
  "conv1d strides": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 3 }),
      layers.conv1d({ filters: 4, kernelSize: 4, strides: 2, padding: "same" }),
    ),
  "conv1d dilated": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 3 }),
      layers.conv1d({ filters: 4, kernelSize: 3, dilationRate: 2, padding: "same" }),
    ),
  "conv2d same": (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: 3, padding: "same", activation: "tanh" });
    return chain(image(x, layers), first, layers.conv2d({ filters: 4, kernelSize: [3, 2], padding: "same" }));
  },
  "conv2d of many channels": (x, { layers }) => {
    const wide = chain(
      image(x, layers),
      layers.conv2d({ filters: 25, kernelSize: 1, strides: 2, activation: "tanh" }),
    );
    const [inner, back] = [24, 25].map((filters) =>
      layers.conv2d({ filters, kernelSize: 3, padding: "same" }),
    );
    return layers.add().apply([wide, chain(wide, inner!, back!)]) as SymbolicTensor;
  },
  "conv2d of many channels, no padding": (x, { layers }) =>
    chain(
      x,
      layers.globalAveragePooling1d({}),
      layers.dense({ units: 5 * 4 * 26 }),
      layers.reshape({ targetShape: [5, 4, 26] }),
      layers.conv2d({ filters: 33, kernelSize: 3, useBias: false }),
    ),
  "conv2d strides": (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: [5, 3], strides: [2, 1], padding: "same" });
    return chain(
      image(x, layers),
      first,
      layers.conv2d({ filters: 9, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
    );
  },
  "conv2d 1x1": (x, { layers }) =>
    chain(
      image(x, layers),
      layers.conv2d({ filters: 2, kernelSize: 1 }),
      layers.conv2d({ filters: 3, kernelSize: [1, 1] }),
    ),
  depthwise: (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: 1 });
    return chain(
      image(x, layers),
      first,
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" }),
    );
  },
  separable: (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: 1 });
    return chain(
      image(x, layers),
      first,
      layers.separableConv2d({ filters: 5, kernelSize: 3, padding: "same", activation: "relu" }),
    );
  },
  // Two layers before it: what is linear in one input is the same, when normalised, whatever its weights.
  "batch normalisation": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 6, activation: "tanh" }),
      layers.dense({ units: 5, useBias: false }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.dense({ units: 3 }),
    ),
  "batch normalisation of columns": (x, { layers }) =>
    chain(
      x,
      layers.flatten(),
      layers.dense({ units: 6, activation: "tanh" }),
      layers.dense({ units: 6, useBias: false }),
      layers.batchNormalization({ epsilon: 0.01 }),
    ),
  "batch normalisation of images": (x, { layers }) =>
    chain(
      image(x, layers),
      layers.conv2d({ filters: 3, kernelSize: 3, padding: "same" }),
      layers.batchNormalization({}),
      layers.reLU(),
    ),
  "batch normalisation, no scale": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 6, activation: "tanh" }),
      layers.dense({ units: 4, useBias: false }),
      layers.batchNormalization({ scale: false }),
      layers.dense({ units: 3 }),
    ),
  "batch normalisation, no centre": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 6, activation: "tanh" }),
      layers.dense({ units: 4, useBias: false }),
      layers.batchNormalization({ center: false }),
      layers.dense({ units: 3 }),
    ),
  "layer normalisation": (x, { layers }) =>
    chain(x, layers.dense({ units: 7 }), layers.layerNormalization({})),
  // Not linear before it, for the same reason; twice, as the gradient of the first goes through the second.
  "group normalisation": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 19, activation: "tanh" }),
      groupNorm({ epsilon: 0.01 }),
      layers.dense({ units: 3, activation: "tanh" }),
      groupNorm({ epsilon: 0.01 }),
      layers.dense({ units: 4 }),
    ),
  "grouped convolution": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 6, activation: "tanh" }),
      groupedConv({ filters: 10, kernelSize: 4, groups: 2 }),
      layers.activation({ activation: "tanh" }),
      groupedConv({ filters: 5, kernelSize: 3, groups: 5 }),
    ),
  "grouped convolution and what goes round it": (x, { layers }) => {
    const value = chain(x, layers.dense({ units: 2 }));
    const placed = chain(value, groupedConv({ filters: 35, kernelSize: 2, groups: 1 }));
    return layers.add().apply([placed, chain(value, layers.dense({ units: 35 }))]) as SymbolicTensor;
  },
  "layer normalisation of wide rows": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 37 }),
      layers.layerNormalization({ epsilon: 1e-5 }),
      layers.dense({ units: 4, activation: "tanh" }),
    ),
  gelu: (x, { layers }) => chain(x, layers.dense({ units: 5 }), gelu()),
  positions: (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 5 }),
      positions({ positions: 130, trainable: true }),
      layers.dense({ units: 4, activation: "tanh" }),
    ),
  "positions, fixed": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 4 }),
      positions({ positions: 130 }),
      layers.dense({ units: 4, activation: "tanh" }),
    ),
  "frames of padding": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 3 }),
      framePadding({ before: 1, after: 1 }),
      layers.conv1d({ filters: 5, kernelSize: 3 }),
      gelu(),
      framePadding({ before: 1, after: 1 }),
      layers.conv1d({ filters: 4, kernelSize: 3, strides: 2 }),
    ),
  "self-attention": (x, { layers }) =>
    chain(x, layers.dense({ units: 30 }), selfAttention({ heads: 2 }), layers.dense({ units: 3 })),
  "self-attention of wide heads": (x, { layers }) =>
    chain(x, layers.dense({ units: 3 * 37 }), selfAttention({ heads: 1 }), layers.dense({ units: 3 })),
  "self-attention with learned weights": (x, { layers }) => {
    const weights = chain(x, layers.dense({ units: 1 }), layers.flatten());
    const qkv = chain(x, layers.dense({ units: 36 }));
    return selfAttention({ heads: 3 }).apply([qkv, weights]) as SymbolicTensor;
  },
  "self-attention beside another use of its input": (x, { layers }) => {
    const qkv = chain(x, layers.dense({ units: 12 }));
    const mixed = chain(qkv, selfAttention({ heads: 2 }));
    return layers.concatenate().apply([mixed, chain(qkv, layers.dense({ units: 3 }))]) as SymbolicTensor;
  },
  "self-attention, padding": (x, { layers }) => {
    const qkv = chain(x, layers.dense({ units: 24 }));
    const mixed = selfAttention({ heads: 2 }).apply([qkv, chain(x, frameWeights({ output: "log" }))]);
    return layers
      .dot({ axes: [1, 1] })
      .apply([chain(x, frameWeights()), mixed as SymbolicTensor]) as SymbolicTensor;
  },
  ...Object.fromEntries(
    (["before", "after"] as const).map((norm) => [
      `transformer block, norm ${norm}`,
      (x: SymbolicTensor, tf: Parameters<Body>[1]) =>
        transformerBlock(tf, chain(x, tf.layers.dense({ units: 6 })), {
          ...{ index: 0, heads: 2, width: 6, hidden: 10, norm },
        }),
    ]),
  ),
  relu: (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.reLU()),
  relu6: (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.reLU({ maxValue: 6 })),
  elu: (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.elu()),
  "leaky relu": (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.leakyReLU({ alpha: 0.2 })),
  activation: (x, { layers }) =>
    chain(x, layers.dense({ units: 5 }), layers.activation({ activation: "hardSigmoid" })),
  "softmax over columns": (x, { layers }) =>
    chain(x, layers.dense({ units: 5 }), layers.softmax({ axis: -1 })),
  "softmax over time": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 4 }),
      layers.permute({ dims: [2, 1] }),
      layers.activation({ activation: "softmax" }),
    ),
  "max pooling": (x, { layers }) =>
    chain(x, layers.dense({ units: 5 }), layers.maxPooling1d({ poolSize: 2, padding: "same" })),
  "max pooling, overlapping": (x, { layers }) =>
    chain(x, layers.dense({ units: 5 }), layers.maxPooling1d({ poolSize: 3, strides: 2, padding: "same" })),
  "mean pooling": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 5 }),
      layers.averagePooling1d({ poolSize: 3, strides: 2, padding: "same" }),
    ),
  "max pooling 2d": (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: 1 });
    return chain(
      image(x, layers),
      first,
      layers.maxPooling2d({ poolSize: [2, 3], strides: [2, 2], padding: "same" }),
    );
  },
  "mean pooling 2d": (x, { layers }) => {
    const first = layers.conv2d({ filters: 3, kernelSize: 1 });
    return chain(image(x, layers), first, layers.averagePooling2d({ poolSize: [2, 2], padding: "same" }));
  },
  "global mean": (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.globalAveragePooling1d({})),
  "global maximum": (x, { layers }) => chain(x, layers.dense({ units: 5 }), layers.globalMaxPooling1d({})),
  "global mean 2d": (x, { layers }) =>
    chain(image(x, layers), layers.conv2d({ filters: 3, kernelSize: 1 }), layers.globalAveragePooling2d({})),
  "global maximum 2d": (x, { layers }) =>
    chain(image(x, layers), layers.conv2d({ filters: 3, kernelSize: 1 }), layers.globalMaxPooling2d({})),
  lstm: (x, { layers }) => chain(x, layers.lstm({ units: 5, recurrentActivation: "sigmoid" })),
  "lstm, sequences": (x, { layers }) =>
    chain(
      x,
      layers.lstm({ units: 5, recurrentActivation: "sigmoid", returnSequences: true }),
      layers.lstm({ units: 3, recurrentActivation: "hardSigmoid", returnSequences: true, useBias: false }),
      layers.globalAveragePooling1d({}),
    ),
  "lstm backwards": (x, { layers }) =>
    chain(
      x,
      layers.lstm({ units: 4, goBackwards: true, returnSequences: true }),
      layers.lstm({ units: 3, goBackwards: true }),
    ),
  gru: (x, { layers }) => chain(x, layers.gru({ units: 5, recurrentActivation: "sigmoid" })),
  "gru, sequences": (x, { layers }) =>
    chain(
      x,
      layers.gru({ units: 5, recurrentActivation: "sigmoid", returnSequences: true }),
      layers.gru({
        units: 3,
        recurrentActivation: "hardSigmoid",
        returnSequences: true,
        goBackwards: true,
        useBias: false,
      }),
      layers.globalAveragePooling1d({}),
    ),
  "bidirectional lstm": (x, { layers }) => {
    const both = (units: number, returnSequences: boolean) =>
      layers.bidirectional({
        layer: layers.lstm({ units, returnSequences, recurrentActivation: "sigmoid" }) as never,
        mergeMode: "concat",
      });
    return chain(x, both(3, true), both(4, false));
  },
  "bidirectional gru, sum": (x, { layers }) => {
    const both = (returnSequences: boolean) =>
      layers.bidirectional({ layer: layers.gru({ units: 3, returnSequences }) as never, mergeMode: "sum" });
    return chain(x, both(true), both(false));
  },
  "bidirectional lstm, product": (x, { layers }) =>
    chain(
      x,
      layers.bidirectional({
        layer: layers.lstm({ units: 3, returnSequences: true }) as never,
        mergeMode: "mul",
      }),
    ),
  ...Object.fromEntries(
    (["relu", "elu", "sigmoid"] as const).map((activation) => [
      `recurrent ${activation}`,
      (x: SymbolicTensor, { layers }: Parameters<Body>[1]) =>
        chain(
          x,
          layers.lstm({ units: 4, activation, recurrentActivation: "tanh", returnSequences: true }),
          layers.activation({ activation: "tanh" }), // states without bounds would saturate the classes
          layers.gru({ units: 3, activation, recurrentActivation: "sigmoid" }),
          layers.activation({ activation: "tanh" }),
        ),
    ]),
  ),
  "lstm, padding": (x, { layers }) =>
    chain(x, layers.masking({}), layers.lstm({ units: 5, recurrentActivation: "sigmoid" })),
  "lstm, sequences, padding": (x, { layers }) =>
    chain(
      x,
      layers.masking({}),
      layers.lstm({ units: 5, recurrentActivation: "sigmoid", returnSequences: true }),
      layers.dense({ units: 4, activation: "tanh" }),
      layers.lstm({ units: 3, returnSequences: true, goBackwards: true }),
    ),
  "lstm, padding that is no zeros": (x, { layers }) =>
    chain(
      x,
      layers.activation({ activation: "sigmoid" }),
      layers.masking({ maskValue: 0.5 }),
      layers.lstm({ units: 3, returnSequences: true }),
    ),
  "gru, padding": (x, { layers }) =>
    chain(
      x,
      layers.masking({}),
      layers.gru({ units: 5, recurrentActivation: "sigmoid", returnSequences: true }),
      layers.gru({ units: 3, goBackwards: true }),
    ),
  "bidirectional lstm, padding": (x, { layers }) => {
    const both = (units: number, returnSequences: boolean) =>
      layers.bidirectional({ layer: layers.lstm({ units, returnSequences }) as never, mergeMode: "concat" });
    return chain(x, layers.masking({}), both(3, true), both(4, false));
  },
  "bidirectional gru, sequences, padding": (x, { layers }) =>
    chain(
      x,
      layers.masking({}),
      layers.bidirectional({
        layer: layers.gru({ units: 3, returnSequences: true }) as never,
        mergeMode: "sum",
      }),
    ),
  "mean over real frames, padding": (x, { layers }) => {
    const value = chain(x, layers.dense({ units: 5, activation: "tanh" }));
    return layers.dot({ axes: [1, 1] }).apply([chain(x, frameWeights()), value]) as SymbolicTensor;
  },
  "pooled mean over real frames, padding": (x, { layers }) => {
    const stride = x.shape[1]! > 1 ? 2 : 1;
    const value = chain(
      x,
      layers.conv1d({ filters: 5, kernelSize: 3, padding: "same" }),
      layers.maxPooling1d({ poolSize: stride }),
    );
    return layers.dot({ axes: [1, 1] }).apply([chain(x, frameWeights({ stride })), value]) as SymbolicTensor;
  },
  "attention over real frames, padding": (x, { layers }) => {
    const value = chain(x, layers.dense({ units: 5, activation: "tanh" }));
    const score = chain(value, layers.dense({ units: 1 }), layers.flatten());
    const sum = layers.add().apply([score, chain(x, frameWeights({ output: "log" }))]) as SymbolicTensor;
    return layers
      .dot({ axes: [1, 1] })
      .apply([chain(sum, layers.softmax({ axis: -1 })), value]) as SymbolicTensor;
  },
  "reshape and permute": (x, { layers }) => {
    const [, frames, width] = x.shape as [null, number, number];
    const turned = chain(
      x,
      layers.dense({ units: 6 }),
      layers.reshape({ targetShape: [frames, 2, 3] }),
      layers.permute({ dims: [3, 1, 2] }),
    );
    return width > 0 ? chain(turned, layers.conv2d({ filters: 2, kernelSize: 2, padding: "same" })) : turned;
  },
  concatenate: (x, { layers }) => {
    const parts = [layers.dense({ units: 3 }), layers.dense({ units: 5, activation: "tanh" })].map((layer) =>
      chain(x, layer),
    );
    return layers.concatenate().apply([...parts, x]) as SymbolicTensor;
  },
  "residual sum": (x, { layers }) => {
    const first = chain(x, layers.dense({ units: 5 }));
    const second = chain(first, layers.dense({ units: 5, activation: "relu" }));
    return layers.add().apply([first, second, chain(second, layers.dense({ units: 5 }))]) as SymbolicTensor;
  },
  product: (x, { layers }) => {
    const gate = chain(x, layers.dense({ units: 4, activation: "sigmoid" }));
    return layers.multiply().apply([gate, chain(x, layers.dense({ units: 4 }))]) as SymbolicTensor;
  },
  "attention by a dot product": (x, { layers }) => {
    const value = chain(x, layers.dense({ units: 5, activation: "tanh" }));
    const weight = chain(value, layers.dense({ units: 1 }), layers.flatten(), layers.softmax({ axis: -1 }));
    return layers.dot({ axes: [1, 1] }).apply([weight, value]) as SymbolicTensor;
  },
  "attention by a product": (x, { layers }) => {
    const value = chain(x, layers.dense({ units: 5 }));
    const score = chain(value, layers.dense({ units: 1 }), layers.permute({ dims: [2, 1] }));
    const weight = chain(
      score,
      layers.activation({ activation: "softmax" }),
      layers.permute({ dims: [2, 1] }),
    );
    return chain(
      layers.multiply().apply([value, weight]) as SymbolicTensor,
      layers.globalAveragePooling1d({}),
    );
  },
  "dot over the last axis": (x, { layers }) => {
    const parts = [2, 3].map((units) => chain(x, layers.dense({ units }), layers.permute({ dims: [2, 1] })));
    return layers.dot({ axes: 2 }).apply(parts) as SymbolicTensor;
  },
  "a layer used twice": (x, { layers }) => {
    const shared = layers.dense({ units: 5, activation: "tanh" });
    return chain(x, layers.dense({ units: 5 }), shared, shared);
  },
  "a model as a layer": (x, tf) => {
    const inner = tf.sequential({
      layers: [tf.layers.dense({ units: 4, inputShape: [5] }), tf.layers.reLU()],
    });
    return chain(x, tf.layers.globalMaxPooling1d({}), tf.layers.dense({ units: 5 }), inner);
  },
  "a frozen layer": (x, { layers }) =>
    chain(
      x,
      layers.dense({ units: 5 }),
      layers.dense({ units: 4, trainable: false }),
      layers.dense({ units: 3 }),
    ),
};

/** The frames as an image of one channel. */
function image(x: SymbolicTensor, layers: Parameters<Body>[1]["layers"]): SymbolicTensor {
  return chain(x, layers.reshape({ targetShape: [...(x.shape.slice(1) as number[]), 1] }));
}
