import type { LayersModel } from "@tensorflow/tfjs";
import {
  ACTIVATION,
  CORE_FORWARD,
  CORE_MAGIC,
  DROPOUT,
  FRAMES,
  floatBits,
  MAX_GROUPS,
  NONE,
  OP,
  PARAM,
  RNN,
} from "./core.js";
import { type GraphNode, readGraph } from "./graph.js";

/** A model compiled for the core. */
export interface Compiled {
  /** See core/core.h. */
  program: Int32Array;
  /** Offset of each of `model.weights` in the flat parameter vector. */
  offsets: number[];
  /** Length of the parameter vector, floats. */
  parameters: number;
  /** Length of one input, floats. */
  inputSize: number;
  classes: number;
}

/** The core does not support a layer, or a setting of one; the message names it. */
export class UnknownLayer extends Error {
  override name = "UnknownLayer";
}

/**
 * Translates a tf.layers model into the core's program. The model's last layer must give softmax probabilities.
 *
 * @param inputShape of one input, where the model leaves a dimension open; default: the model's own
 * @throws {UnknownLayer} naming what the core does not support
 * @throws {UserError} when the model has several inputs or outputs, or an open dimension
 * @example const { program, offsets } = compile(model);
 */
export function compile(model: LayersModel, inputShape?: readonly number[]): Compiled {
  const { program, graph, weights, input, output } = translate(model, CORE_MAGIC, inputShape);
  if (output.shape.length !== 1 || program.softmaxOutput !== output.buffer) {
    throw new UnknownLayer(
      `the core trains only models that end in a softmax over the classes; "${model.name}" does not`,
    );
  }
  return {
    program: program.words(weights.table, input, output.buffer),
    offsets: weights.offsets,
    parameters: weights.size,
    inputSize: size(graph.inputShape),
    classes: output.shape[0]!,
  };
}

/** A model compiled for inference in the core. */
export interface CompiledForward extends Omit<Compiled, "classes"> {
  /** Shape of the output, without the batch. */
  outputShape: readonly number[];
}

/**
 * Translates a tf.layers model into a program for inference only: it may end in any layer, and dropout does nothing.
 *
 * @param inputShape as in {@link compile}; programs for different shapes differ in sizes only
 * @throws {UnknownLayer} {UserError} as {@link compile}
 * @example const { program, outputShape } = compileForward(model, [450, 80]);
 */
export function compileForward(model: LayersModel, inputShape?: readonly number[]): CompiledForward {
  const { program, graph, weights, input, output } = translate(model, CORE_FORWARD, inputShape);
  return {
    program: program.words(weights.table, input, output.buffer),
    offsets: weights.offsets,
    parameters: weights.size,
    inputSize: size(graph.inputShape),
    outputShape: output.shape,
  };
}

function translate(model: LayersModel, magic: number, inputShape?: readonly number[]) {
  const graph = readGraph(model, inputShape);
  const weights = layOut(model);
  const program = new Program(magic, weights.offsetOf);
  const input = program.buffer(graph.inputShape);
  const values: Value[] = [];
  for (const node of graph.nodes) {
    if (node.kind === "InputLayer") {
      values.push({ buffer: input, shape: node.shape });
      continue;
    }
    const layer = LAYERS.get(node.kind);
    if (!layer) throw unknown(node);
    const inputs = node.inputs.map((i) => values[i]!);
    if (node.kind !== "Conv1D" && inputs.some(({ padding }) => padding))
      throw unknown(node, "padding that is not a Conv1D's");
    const buffer = layer(program, node, inputs);
    values.push({ buffer, shape: node.shape, mask: maskOf(program, node, inputs), padding: paddingOf(node) });
  }
  const output = values.at(-1)!;
  if (output.padding) throw unknown(graph.nodes.at(-1)!, "padding that is not a Conv1D's");
  return { program, graph, weights, input, output };
}

/** A buffer and its shape for a layer, without the batch. */
interface Value {
  buffer: number;
  shape: readonly number[];
  /** Returns the buffer that marks the real rows, where there is a Masking layer before it. */
  mask?: () => number;
  /** Frames of zeros before and after those in the buffer, counted in the shape, for the next convolution. */
  padding?: readonly [number, number];
}

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);
const last = (shape: readonly number[]) => shape.at(-1) ?? 1;

/** All rows of a value: everything but its last dimension. */
const rows = (shape: readonly number[]) => size(shape) / last(shape);

/** Each weight starts at a cache line. */
const ALIGNMENT = 16;

function layOut(model: LayersModel) {
  const trainable = new Set(model.trainableWeights.map((weight) => weight.id));
  const places = new Map<number, number>();
  const offsets: number[] = [];
  const table: number[] = [];
  let end = 0;
  for (const weight of model.weights) {
    end = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    const length = size(weight.shape as number[]);
    const decay = weight.shape.length > 1 ? PARAM.decay : 0; // kernels, but no biases and no weights of normalisation
    table.push(end, length, trainable.has(weight.id) ? PARAM.trainable | decay : 0);
    places.set(weight.id, end);
    offsets.push(end);
    end += length;
  }
  return { table, offsets, size: end, offsetOf: (id: number) => places.get(id)! };
}

/** The ops written so far. */
class Program {
  readonly #buffers: number[] = [];
  readonly #ops: number[][] = [];
  readonly #magic: number;
  readonly #offsetOf: (id: number) => number;
  readonly #masks = new Map<string, number>();
  #dropouts = 0;
  /** Whether there was a Masking layer before. */
  masked = false;

  constructor(magic: number, offsetOf: (id: number) => number) {
    this.#magic = magic;
    this.#offsetOf = offsetOf;
  }

  /** Whether it is for inference only. */
  get forward(): boolean {
    return this.#magic === CORE_FORWARD;
  }

  buffer(shape: readonly number[]): number {
    return this.#buffers.push(size(shape)) - 1;
  }

  /** Adds an op that writes to a buffer, by default a new one of the shape; returns the buffer. */
  op(
    code: number,
    input: number,
    shape: readonly number[],
    fields: readonly number[],
    out = this.buffer(shape),
  ): number {
    this.#ops.push([code, 4 + fields.length, input, out, ...fields]);
    return out;
  }

  /** The offsets of a layer's weights. */
  weights(node: GraphNode): number[] {
    return node.layer.weights.map((weight) => this.#offsetOf(weight.id));
  }

  /** A number that makes each dropout layer's masks different. */
  salt(): number {
    return this.#dropouts++;
  }

  /** The buffer that marks frames with any value other than `padding`: 1 for those, else 0. */
  mask({ buffer, shape }: Value, padding: number): number {
    const key = `${buffer} ${padding}`;
    const fields = [...shape, floatBits(padding), 1, FRAMES.count];
    const made = this.#masks.get(key) ?? this.op(OP.frames, buffer, shape.slice(0, 1), fields);
    this.#masks.set(key, made);
    return made;
  }

  /** The buffer that the last op wrote, if that op is a softmax. */
  get softmaxOutput(): number | undefined {
    const op = this.#ops.at(-1);
    return op?.[0] === OP.activation && op[6] === ACTIVATION.softmax ? op[3] : undefined;
  }

  words(parameters: readonly number[], input: number, output: number): Int32Array {
    const head = [this.#magic, this.#buffers.length, parameters.length / 3, this.#ops.length, input, output];
    return Int32Array.from([...head, ...this.#buffers, ...parameters, ...this.#ops.flat()]);
  }
}

/** Adds a layer's ops; returns the buffer of its output. */
type LayerCompiler = (program: Program, node: GraphNode, inputs: readonly Value[]) => number;

function unknown(node: GraphNode, what?: string): UnknownLayer {
  return new UnknownLayer(
    `the core does not support ${node.kind}${what ? ` with ${what}` : ""} (layer "${node.layer.name}")`,
  );
}

/** A setting of a layer, of the type that tf.layers guarantees. */
function setting<T>(node: GraphNode, key: string): T {
  return node.config[key] as T;
}

/** @throws {UnknownLayer} unless the setting has an allowed value */
function mustBe(node: GraphNode, key: string, ...allowed: unknown[]): void {
  const value = node.config[key];
  if (!allowed.includes(value)) throw unknown(node, `${key} ${JSON.stringify(value)}`);
}

/** Whether an axis (counted with the batch) is a value's last. */
function isLastAxis(axis: number, shape: readonly number[]): boolean {
  return axis === -1 || axis === shape.length;
}

function activationCode(node: GraphNode, key = "activation"): number {
  const name = setting<string>(node, key);
  const code = (ACTIVATION as Readonly<Record<string, number>>)[name];
  if (code === undefined || name === "leakyRelu" || name === "gelu")
    throw unknown(node, `${key} ${JSON.stringify(name)}`);
  return code;
}

function activate(program: Program, { buffer, shape }: Value, kind: number, alpha = 0): number {
  if (kind === ACTIVATION.linear) return buffer;
  return program.op(OP.activation, buffer, shape, [rows(shape), last(shape), kind, floatBits(alpha)]);
}

/** The built-in activation of Dense and the convolutions. */
function withActivation(program: Program, node: GraphNode, buffer: number): number {
  const kind = activationCode(node);
  return activate(program, { buffer, shape: node.shape }, kind, kind === ACTIVATION.elu ? 1 : 0);
}

const dense: LayerCompiler = (program, node, [x]) => {
  const [kernel, bias = NONE] = program.weights(node);
  const { shape } = node;
  const out = program.op(OP.dense, x!.buffer, shape, [
    rows(shape),
    last(x!.shape),
    last(shape),
    kernel!,
    bias,
  ]);
  return withActivation(program, node, out);
};

/** TimeDistributed(Dense) equals Dense, which works on the last dimension anyway. */
const timeDistributed: LayerCompiler = (program, node, inputs) => {
  const inner = setting<{ className: string; config: GraphNode["config"] }>(node, "layer");
  if (inner.className !== "Dense") throw unknown(node, inner.className);
  return dense(program, { ...node, config: inner.config }, inputs);
};

/** Sizes of a sliding window over [height, width, channels]; one-dimensional layers have height 1. */
interface Window {
  height: number;
  width: number;
  channels: number;
  size: [number, number];
  strides: [number, number];
  dilation: [number, number];
  /** Rows above and below, columns left and right. */
  padding: [number, number, number, number];
  out: [number, number];
}

function window(node: GraphNode, { shape, padding }: Value, sizeKey: "kernelSize" | "poolSize"): Window {
  mustBe(node, "padding", "valid", "same");
  mustBe(node, "dataFormat", "channelsLast", undefined);
  const [before, after] = padding ?? [0, 0];
  const [height, width, channels] = shape.length === 2 ? [1, ...shape] : shape;
  const pair = (key: string, otherwise = 1): [number, number] => {
    const given = [setting<number | number[] | undefined>(node, key) ?? otherwise].flat();
    return given.length === 1 ? [shape.length === 2 ? 1 : given[0]!, given[0]!] : [given[0]!, given[1]!];
  };
  const extent = pair(sizeKey);
  const strides = pair("strides");
  const dilation = pair("dilationRate");
  const same = setting<string>(node, "padding") === "same";
  const y = pad(height!, extent[0], strides[0], dilation[0], same);
  const x = pad(width!, extent[1], strides[1], dilation[1], same);
  return {
    height: height!,
    width: width! - before - after,
    channels: channels!,
    size: extent,
    strides,
    dilation,
    padding: [y.before, y.after, x.before + before, x.after + after],
    out: [y.out, x.out],
  };
}

/** TensorFlow's padding: "same" gives ceil(n / stride) outputs, and an odd zero goes to the end. */
function pad(n: number, extent: number, stride: number, dilation: number, same: boolean) {
  const span = (extent - 1) * dilation + 1;
  if (!same) return { before: 0, after: 0, out: Math.floor((n - span) / stride) + 1 };
  const out = Math.ceil(n / stride);
  const total = Math.max(0, (out - 1) * stride + span - n);
  const before = Math.floor(total / 2);
  return { before, after: total - before, out };
}

const convolution: LayerCompiler = (program, node, [x]) => {
  const [kernel, bias = NONE] = program.weights(node);
  const w = window(node, x!, "kernelSize");
  const span = (w.size[1] - 1) * w.dilation[1];
  if (x!.padding && Math.max(w.padding[2], w.padding[3]) > span)
    throw unknown(node, "padding of more frames than its kernel reaches over");
  const sizes = [
    w.height,
    w.width,
    w.channels,
    last(node.shape),
    ...w.size,
    ...w.strides,
    ...w.dilation,
    ...w.padding,
  ];
  const out = program.op(OP.conv2d, x!.buffer, node.shape, [...sizes, kernel!, bias]);
  return withActivation(program, node, out);
};

function depthwiseOp(program: Program, node: GraphNode, x: Value, kernel: number, bias: number): Value {
  const w = window(node, x, "kernelSize");
  const multiplier = last(node.layer.weights[0]!.shape as number[]);
  const shape = [...w.out, w.channels * multiplier];
  const sizes = [
    w.height,
    w.width,
    w.channels,
    multiplier,
    ...w.size,
    ...w.strides,
    ...w.dilation,
    ...w.padding,
  ];
  return { buffer: program.op(OP.depthwise, x.buffer, shape, [...sizes, kernel, bias]), shape };
}

const depthwise: LayerCompiler = (program, node, [x]) => {
  const [kernel, bias = NONE] = program.weights(node);
  return withActivation(program, node, depthwiseOp(program, node, x!, kernel!, bias).buffer);
};

const separable: LayerCompiler = (program, node, [x]) => {
  const [kernel, pointwise, bias = NONE] = program.weights(node);
  const between = depthwiseOp(program, node, x!, kernel!, NONE);
  const sizes = [rows(node.shape), last(between.shape), last(node.shape)];
  return withActivation(
    program,
    node,
    program.op(OP.dense, between.buffer, node.shape, [...sizes, pointwise!, bias]),
  );
};

/** Offsets of gamma and beta, which a normalisation may lack, and of the remaining weights. */
function scaleAndCenter(program: Program, node: GraphNode): { gamma: number; beta: number; rest: number[] } {
  const rest = program.weights(node);
  const gamma = setting<boolean>(node, "scale") ? rest.shift()! : NONE;
  const beta = setting<boolean>(node, "center") ? rest.shift()! : NONE;
  return { gamma, beta, rest };
}

const batchNormalization: LayerCompiler = (program, node, [x]) => {
  if (!isLastAxis(setting<number>(node, "axis"), node.shape))
    throw unknown(node, "an axis that is not the last");
  const { gamma, beta, rest } = scaleAndCenter(program, node);
  const numbers = [setting<number>(node, "epsilon"), setting<number>(node, "momentum")].map(floatBits);
  const fields = [rows(node.shape), last(node.shape), gamma, beta, rest[0]!, rest[1]!, ...numbers];
  return program.op(OP.batchNorm, x!.buffer, node.shape, fields);
};

const layerNormalization: LayerCompiler = (program, node, [x]) => {
  const axes = [setting<number | number[]>(node, "axis")].flat();
  if (axes.length !== 1 || !isLastAxis(axes[0]!, node.shape))
    throw unknown(node, "an axis that is not the last");
  const { gamma, beta } = scaleAndCenter(program, node);
  const epsilon = floatBits(setting<number>(node, "epsilon"));
  return program.op(OP.layerNorm, x!.buffer, node.shape, [
    rows(node.shape),
    last(node.shape),
    gamma,
    beta,
    epsilon,
  ]);
};

const relu: LayerCompiler = (program, node, [x]) => {
  mustBe(node, "maxValue", undefined, null, 6);
  return activate(program, x!, setting(node, "maxValue") === 6 ? ACTIVATION.relu6 : ACTIVATION.relu);
};

const withAlpha =
  (kind: number): LayerCompiler =>
  (program, node, [x]) =>
    activate(program, x!, kind, setting<number>(node, "alpha"));

const softmax: LayerCompiler = (program, node, [x]) => {
  // TensorFlow.js itself supports softmax over the last dimension only.
  if (!isLastAxis(setting<number>(node, "axis"), node.shape))
    throw unknown(node, "an axis that is not the last");
  return activate(program, x!, ACTIVATION.softmax);
};

const pool =
  (code: number): LayerCompiler =>
  (program, node, [x]) => {
    const w = window(node, x!, "poolSize");
    const fields = [
      w.height,
      w.width,
      w.channels,
      ...w.size,
      ...w.strides,
      w.padding[0],
      w.padding[2],
      ...w.out,
    ];
    return program.op(code, x!.buffer, node.shape, fields);
  };

const globalPool =
  (kind: 0 | 1): LayerCompiler =>
  (program, node, [x]) => {
    mustBe(node, "dataFormat", "channelsLast", undefined);
    return program.op(OP.globalPool, x!.buffer, node.shape, [rows(x!.shape), last(x!.shape), kind]);
  };

const dropout =
  (masks: number): LayerCompiler =>
  (program, node, [x]) => {
    mustBe(node, "noiseShape", undefined, null);
    const salt = program.salt();
    const rate = setting<number>(node, "rate");
    if (rate === 0 || program.forward) return x!.buffer;
    const fields = [rows(node.shape), last(node.shape), floatBits(rate), salt, masks];
    return program.op(OP.dropout, x!.buffer, node.shape, fields);
  };

/** The columns of a buffer that a recurrent layer writes. */
interface Columns {
  out: number;
  column: number;
  stride: number;
}

/** The layers that pass a mask on in tf.layers; all others lose it. */
const HANDS_MASK_ON: ReadonlySet<string> = new Set(
  "Dense TimeDistributed Activation ReLU Dropout SpatialDropout1D BatchNormalization LayerNormalization LSTM GRU Bidirectional".split(
    " ",
  ),
);

function maskOf(program: Program, node: GraphNode, [x]: readonly Value[]): Value["mask"] {
  if (node.kind !== "Masking") return HANDS_MASK_ON.has(node.kind) ? x?.mask : undefined;
  return () => program.mask(x!, setting<number>(node, "maskValue"));
}

/** Masked frames are also set to 0; for a mask value of 0 they are 0 already. */
const masking: LayerCompiler = (program, node, [x]) => {
  if (x!.shape.length !== 2) throw unknown(node, `an input of ${x!.shape.length} dimensions`);
  program.masked = true;
  const padding = setting<number>(node, "maskValue");
  if (padding === 0) return x!.buffer;
  return program.op(OP.multiply, x!.buffer, node.shape, [program.mask(x!, padding), ...x!.shape, 1]);
};

const frameWeights: LayerCompiler = (program, node, [x]) => {
  if (x!.shape.length !== 2) throw unknown(node, `an input of ${x!.shape.length} dimensions`);
  const kind = setting<string>(node, "output") === "log" ? FRAMES.log : FRAMES.share;
  return program.op(OP.frames, x!.buffer, node.shape, [
    ...x!.shape,
    0,
    setting<number>(node, "stride"),
    kind,
  ]);
};

/** The padding that a FramePadding layer leaves to the next convolution. */
function paddingOf(node: GraphNode): Value["padding"] {
  if (node.kind !== "FramePadding") return undefined;
  const padding = [setting<number>(node, "before"), setting<number>(node, "after")] as const;
  return padding[0] + padding[1] > 0 ? padding : undefined;
}

const positions: LayerCompiler = (program, node, [x]) => {
  const fields = [...node.shape, ...program.weights(node), setting<number>(node, "positions")];
  return program.op(OP.positions, x!.buffer, node.shape, fields);
};

const selfAttention: LayerCompiler = (program, node, [x, weights]) =>
  program.op(OP.attention, x!.buffer, node.shape, [
    ...node.shape,
    setting<number>(node, "heads"),
    weights?.buffer ?? NONE,
  ]);

const groupNorm: LayerCompiler = (program, node, [x]) => {
  const epsilon = floatBits(setting<number>(node, "epsilon"));
  return program.op(OP.groupNorm, x!.buffer, node.shape, [...node.shape, ...program.weights(node), epsilon]);
};

const groupedConv: LayerCompiler = (program, node, [x]) => {
  const groups = setting<number>(node, "groups");
  if (groups > MAX_GROUPS) throw unknown(node, `${groups} groups`);
  const size = setting<number>(node, "kernelSize");
  const fields = [...x!.shape, last(node.shape), size, groups, Math.floor(size / 2)];
  return program.op(OP.grouped, x!.buffer, node.shape, [...fields, ...program.weights(node)]);
};

const RECURRENT: Readonly<Record<string, number>> = { LSTM: OP.lstm, GRU: OP.gru };

function recurrentOp(
  program: Program,
  node: GraphNode,
  x: Value,
  weights: readonly number[],
  flags: number,
  to: Columns,
): void {
  if (x.shape.length !== 2) throw unknown(node, `an input of ${x.shape.length} dimensions`);
  for (const key of ["dropout", "recurrentDropout"]) mustBe(node, key, 0, undefined, null);
  for (const key of ["returnState", "stateful", "resetAfter"]) mustBe(node, key, false, undefined, null);
  const [kernel, recurrent, bias = NONE] = weights;
  for (const key of ["activation", "recurrentActivation"])
    if (node.config[key] === "softmax") throw unknown(node, `${key} "softmax"`);
  // TensorFlow.js would use the mask of an earlier layer, perhaps of the wrong length.
  if (program.masked && !x.mask) throw unknown(node, "an input whose mask a layer before it has lost");
  const inner = [activationCode(node, "recurrentActivation"), activationCode(node)];
  const fields = [
    ...x.shape,
    setting<number>(node, "units"),
    flags,
    kernel!,
    recurrent!,
    bias,
    ...inner,
    to.column,
    to.stride,
    x.mask?.() ?? NONE,
  ];
  program.op(RECURRENT[node.kind]!, x.buffer, node.shape, fields, to.out);
}

const recurrent: LayerCompiler = (program, node, inputs) => {
  if (inputs.length > 1) throw unknown(node, "an initial state");
  const out = program.buffer(node.shape);
  const sequences = setting<boolean>(node, "returnSequences") ? RNN.sequences : 0;
  const backwards = setting<boolean>(node, "goBackwards") ? RNN.backwards : 0;
  const columns = { out, column: 0, stride: setting<number>(node, "units") };
  recurrentOp(program, node, inputs[0]!, program.weights(node), sequences | backwards, columns);
  return out;
};

const bidirectional: LayerCompiler = (program, node, inputs) => {
  const layer = setting<{ className: string; config: GraphNode["config"] }>(node, "layer");
  const inner: GraphNode = { ...node, kind: layer.className, config: layer.config };
  if (RECURRENT[inner.kind] === undefined) throw unknown(node, inner.kind);
  if (inputs.length > 1) throw unknown(node, "an initial state");
  mustBe(inner, "goBackwards", false, undefined, null);
  mustBe(node, "mergeMode", "concat", "sum", "mul");
  const mode = setting<"concat" | "sum" | "mul">(node, "mergeMode");
  const units = setting<number>(inner, "units");
  const sequences = setting<boolean>(inner, "returnSequences") ? RNN.sequences : 0;
  const weights = program.weights(node);
  const half = weights.length / 2;
  const both = program.buffer(node.shape);
  const forth: Columns = { out: both, column: 0, stride: mode === "concat" ? 2 * units : units };
  const back =
    mode === "concat" ? { ...forth, column: units } : { ...forth, out: program.buffer(node.shape) };
  const backwards = sequences | RNN.backwards | (sequences ? RNN.inTime : 0);
  recurrentOp(program, inner, inputs[0]!, weights.slice(0, half), sequences, forth);
  recurrentOp(program, inner, inputs[0]!, weights.slice(half), backwards, back);
  if (mode === "concat") return both;
  const sizes = [back.out, rows(node.shape), units];
  if (mode === "sum") return program.op(OP.add, both, node.shape, sizes);
  return program.op(OP.multiply, both, node.shape, [...sizes, units]);
};

/** No op: buffers have no shape of their own. */
const reshape: LayerCompiler = (_program, _node, [x]) => x!.buffer;

/** Output axis i is input axis `order[i]`. */
function permuteOp(
  program: Program,
  input: number,
  shape: readonly number[],
  order: readonly number[],
): number {
  const ones = 4 - shape.length;
  const sizes = [...new Array<number>(ones).fill(1), ...shape];
  const axes = [...Array.from({ length: ones }, (_, i) => i), ...order.map((axis) => axis + ones)];
  return program.op(OP.permute, input, shape, [...sizes, ...axes]);
}

const permute: LayerCompiler = (program, node, [x]) => {
  if (x!.shape.length > 4) throw unknown(node, `${x!.shape.length} dimensions`);
  const order = setting<number[]>(node, "dims").map((axis) => axis - 1);
  return permuteOp(program, x!.buffer, x!.shape, order);
};

const concatenate: LayerCompiler = (program, node, inputs) => {
  if (!isLastAxis(setting<number>(node, "axis"), node.shape))
    throw unknown(node, "an axis that is not the last");
  const parts = inputs.flatMap(({ buffer, shape }) => [buffer, last(shape)]);
  return program.op(OP.concat, inputs[0]!.buffer, node.shape, [rows(node.shape), inputs.length, ...parts]);
};

const add: LayerCompiler = (program, node, [first, ...others]) => {
  const { shape } = node;
  return others.reduce((sum, other) => {
    if (size(other.shape) !== size(shape) || size(first!.shape) !== size(shape))
      throw unknown(node, "inputs of unequal shape");
    return program.op(OP.add, sum, shape, [other.buffer, rows(shape), last(shape)]);
  }, first!.buffer);
};

const multiply: LayerCompiler = (program, node, inputs) => {
  const { shape } = node;
  const whole = (value: Value) => size(value.shape) === size(shape);
  const perRow = (value: Value) =>
    value.shape.length === shape.length && size(value.shape) === rows(shape) && last(value.shape) === 1;
  const first = inputs.find(whole);
  if (!first || !inputs.every((value) => whole(value) || perRow(value)))
    throw unknown(node, "inputs of unequal shape");
  const others = inputs.filter((_, i) => i !== inputs.indexOf(first));
  return others.reduce(
    (result, other) =>
      program.op(OP.multiply, result, shape, [other.buffer, rows(shape), last(shape), last(other.shape)]),
    first.buffer,
  );
};

/** The product of two matrices over one axis of each; the core sums over the first, so a second axis is moved there. */
const dot: LayerCompiler = (program, node, inputs) => {
  mustBe(node, "normalize", false, undefined, null);
  const axes = setting<number | [number, number]>(node, "axes");
  const [a, b] = inputs.map((value, i) => {
    const given = typeof axes === "number" ? axes : axes[i]!;
    const axis = given < 0 ? value.shape.length + 1 + given : given;
    if (value.shape.length === 1) return { buffer: value.buffer, shape: [value.shape[0]!, 1] };
    if (axis === 1) return value;
    return {
      buffer: permuteOp(program, value.buffer, value.shape, [1, 0]),
      shape: [value.shape[1]!, value.shape[0]!],
    };
  });
  return program.op(OP.dot, a!.buffer, node.shape, [b!.buffer, a!.shape[0]!, a!.shape[1]!, b!.shape[1]!]);
};

const LAYERS: ReadonlyMap<string, LayerCompiler> = new Map(
  Object.entries({
    Dense: dense,
    TimeDistributed: timeDistributed,
    Conv1D: convolution,
    Conv2D: convolution,
    DepthwiseConv2D: depthwise,
    SeparableConv2D: separable,
    BatchNormalization: batchNormalization,
    LayerNormalization: layerNormalization,
    Activation: (program, node, [x]) => withActivation(program, node, x!.buffer),
    ReLU: relu,
    ELU: withAlpha(ACTIVATION.elu),
    LeakyReLU: withAlpha(ACTIVATION.leakyRelu),
    Softmax: softmax,
    MaxPooling1D: pool(OP.maxPool),
    MaxPooling2D: pool(OP.maxPool),
    AveragePooling1D: pool(OP.avgPool),
    AveragePooling2D: pool(OP.avgPool),
    GlobalAveragePooling1D: globalPool(0),
    GlobalAveragePooling2D: globalPool(0),
    GlobalMaxPooling1D: globalPool(1),
    GlobalMaxPooling2D: globalPool(1),
    Dropout: dropout(DROPOUT.units),
    SpatialDropout1D: dropout(DROPOUT.channels),
    StochasticDepth: dropout(DROPOUT.clips),
    LSTM: recurrent,
    GRU: recurrent,
    Bidirectional: bidirectional,
    Masking: masking,
    FrameWeights: frameWeights,
    FramePadding: reshape,
    Gelu: (program, _, [x]) => activate(program, x!, ACTIVATION.gelu),
    Positions: positions,
    SelfAttention: selfAttention,
    GroupNorm: groupNorm,
    GroupedConv1D: groupedConv,
    Flatten: reshape,
    Reshape: reshape,
    Permute: permute,
    Concatenate: concatenate,
    Add: add,
    Multiply: multiply,
    Dot: dot,
  } satisfies Record<string, LayerCompiler>),
);
