import type { LayersModel } from "@tensorflow/tfjs";
import { type Graph, type GraphNode, readGraph } from "../../lib/engine/graph.js";
import type { Batch } from "../../lib/engine/trainer.js";

/**
 * Each layer's formula once more, as plain loops in double precision, to take finite differences of: slow and
 * obvious on purpose. Training mode without dropout.
 */

/** A batch of values: `[count, ...shape]`, row-major. */
interface Value {
  shape: number[];
  data: Float64Array;
  /** Of each clip and frame, whether it is real; absent without a Masking layer before. */
  real?: boolean[];
}

type Weights = readonly Float64Array[];

/** Loss of a batch as a function of all weights, in the order of `model.weights`. */
function referenceLoss(model: LayersModel, batch: Batch): (weights: Weights) => number {
  const graph = readGraph(model);
  const places = new Map(model.weights.map((weight, i) => [weight.id, i]));
  return (weights) => {
    const output = forward(graph, batch, (node) =>
      node.layer.weights.map((weight) => weights[places.get(weight.id)!]!),
    );
    const classes = output.data.length / batch.count;
    let loss = 0;
    output.data.forEach((p, i) => {
      const target = batch.y[i]!;
      if (target > 0)
        loss -= ((batch.weights?.[Math.floor(i / classes)] ?? 1) * target * Math.log(p)) / batch.count;
    });
    return loss;
  };
}

/** The derivative of a function of weights by one of them, by central differences: error of order h^2. */
function finiteDifference(
  f: (weights: Weights) => number,
  weights: Weights,
  tensor: number,
  index: number,
): number {
  const h = 1e-5;
  const at = weights[tensor]![index]!;
  const moved = (by: number) => {
    weights[tensor]![index] = at + by;
    return f(weights);
  };
  const slope = (moved(h) - moved(-h)) / (2 * h);
  weights[tensor]![index] = at;
  return slope;
}

/**
 * The gradients by the trainable weights from finite differences, NaN where none was taken.
 *
 * @param most entries of a tensor, evenly spread; default all
 */
export function referenceDerivatives(model: LayersModel, batch: Batch, most = Number.POSITIVE_INFINITY) {
  const loss = referenceLoss(model, batch);
  const weights = model.weights.map((weight) => Float64Array.from(weight.read().dataSync()));
  const gradients = model.trainableWeights.map((weight) => {
    const tensor = model.weights.indexOf(weight);
    const every = Math.max(1, Math.floor(weights[tensor]!.length / most));
    return weights[tensor]!.map((_, i) =>
      i % every === 0 ? finiteDifference(loss, weights, tensor, i) : Number.NaN,
    );
  });
  return { loss: loss(weights), gradients };
}

function forward(graph: Graph, batch: Batch, weightsOf: (node: GraphNode) => Float64Array[]): Value {
  const values: Value[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((i) => values[i]!);
    if (node.kind === "InputLayer") {
      const width = batch.x.length / batch.count;
      values.push({
        shape: [batch.count, ...node.shape],
        data: Float64Array.from(batch.x.subarray(0, batch.count * width)),
      });
      continue;
    }
    const layer = LAYERS[node.kind];
    if (!layer) throw new Error(`the reference has no ${node.kind}`);
    const out = layer(inputs, weightsOf(node), node.config as unknown as Config, node);
    values.push({
      shape: [batch.count, ...node.shape],
      data: activate(out, node.config.activation as string | undefined, node.shape.at(-1)!),
      real:
        node.kind === "Masking" ? realFrames(inputs[0]!, node.config.maskValue as number) : inputs[0]!.real,
    });
  }
  return values.at(-1)!;
}

interface Config {
  useBias: boolean;
  kernelSize: number[];
  strides: number[];
  dilationRate: number[];
  padding: "valid" | "same";
  poolSize: number[];
  activation: string;
  recurrentActivation: string;
  epsilon: number;
  alpha: number;
  maxValue?: number;
  axis: number;
  axes: number | [number, number];
  units: number;
  returnSequences: boolean;
  goBackwards: boolean;
  dims: number[];
  mergeMode: "concat" | "sum" | "ave" | "mul";
  center: boolean;
  scale: boolean;
  maskValue: number;
  stride: number;
  output: "share" | "log";
  heads: number;
  before: number;
  after: number;
  groups: number;
}

type LayerFunction = (
  inputs: Value[],
  weights: Float64Array[],
  config: Config,
  node: GraphNode,
) => Float64Array;

const product = (sizes: readonly number[]) => sizes.reduce((a, b) => a * b, 1);

const SCALAR: Record<string, (x: number) => number> = {
  linear: (x) => x,
  relu: (x) => Math.max(0, x),
  elu: (x) => (x > 0 ? x : Math.expm1(x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  hardSigmoid: (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5)),
};

function activate(data: Float64Array, name: string | undefined, width: number): Float64Array {
  if (!name || RECURRENT.has(data)) return data;
  if (name === "softmax") return softmax(data, width, 1);
  return data.map(SCALAR[name]!);
}

/** Outputs of recurrent layers, whose activation is inside. */
const RECURRENT = new WeakSet<Float64Array>();

/** Over `n` entries that lie `inner` apart. */
function softmax(data: Float64Array, n: number, inner: number): Float64Array {
  const out = new Float64Array(data.length);
  for (let start = 0; start < data.length; start += n * inner) {
    for (let j = 0; j < inner; j++) {
      let most = Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (let i = 0; i < n; i++) most = Math.max(most, data[start + i * inner + j]!);
      for (let i = 0; i < n; i++) sum += Math.exp(data[start + i * inner + j]! - most);
      for (let i = 0; i < n; i++)
        out[start + i * inner + j] = Math.exp(data[start + i * inner + j]! - most) / sum;
    }
  }
  return out;
}

function dense([x]: Value[], [kernel, bias]: Float64Array[]): Float64Array {
  const width = x!.shape.at(-1)!;
  const units = kernel!.length / width;
  const out = new Float64Array((x!.data.length / width) * units);
  for (let r = 0; r < x!.data.length / width; r++) {
    for (let u = 0; u < units; u++) {
      let sum = bias?.[u] ?? 0;
      for (let i = 0; i < width; i++) sum += x!.data[r * width + i]! * kernel![i * units + u]!;
      out[r * units + u] = sum;
    }
  }
  return out;
}

/** Where a window starts and how many there are along one axis. */
function windows(
  size: number,
  width: number,
  stride: number,
  dilation: number,
  same: boolean,
): { count: number; before: number } {
  const span = (width - 1) * dilation + 1;
  if (!same) return { count: Math.floor((size - span) / stride) + 1, before: 0 };
  const count = Math.ceil(size / stride);
  return { count, before: Math.floor(Math.max(0, (count - 1) * stride + span - size) / 2) };
}

/** Calls for each clip, output place and place in the window with the indices of the pixel and of the output. */
function slide(
  [n, h, w]: number[],
  [kh, kw]: number[],
  [sy, sx]: number[],
  [dy, dx]: number[],
  same: boolean,
  visit: (pixel: number, out: number, ky: number, kx: number) => void,
): number {
  const ys = windows(h!, kh!, sy!, dy!, same);
  const xs = windows(w!, kw!, sx!, dx!, same);
  for (let b = 0; b < n!; b++)
    for (let oy = 0; oy < ys.count; oy++)
      for (let ox = 0; ox < xs.count; ox++)
        for (let ky = 0; ky < kh!; ky++)
          for (let kx = 0; kx < kw!; kx++) {
            const y = oy * sy! - ys.before + ky * dy!;
            const x = ox * sx! - xs.before + kx * dx!;
            if (y < 0 || x < 0 || y >= h! || x >= w!) continue;
            visit((b * h! + y) * w! + x, (b * ys.count + oy) * xs.count + ox, ky, kx);
          }
  return n! * ys.count * xs.count;
}

/** A 1D layer as a 2D one of height 1. */
function flat(value: Value, config: Config): [Value, Config] {
  if (value.shape.length === 4) return [value, config];
  const [n, t, c] = value.shape;
  const one = (sizes?: number[]) => sizes && [1, ...sizes];
  return [
    { shape: [n!, 1, t!, c!], data: value.data },
    {
      ...config,
      kernelSize: one(config.kernelSize)!,
      strides: one(config.strides)!,
      poolSize: one(config.poolSize)!,
      dilationRate: one(config.dilationRate)!,
    },
  ];
}

function convolution(inputs: Value[], [kernel, bias]: Float64Array[], given: Config): Float64Array {
  const [x, config] = flat(inputs[0]!, given);
  const channels = x.shape[3]!;
  const [kh, kw] = config.kernelSize;
  const filters = kernel!.length / (kh! * kw! * channels);
  const terms: [number, number, number, number][] = [];
  const places = slide(
    x.shape,
    config.kernelSize,
    config.strides,
    config.dilationRate,
    config.padding === "same",
    (pixel, out, ky, kx) => terms.push([pixel, out, ky, kx]),
  );
  const out = Float64Array.from({ length: places * filters }, (_, i) => bias?.[i % filters] ?? 0);
  for (const [pixel, place, ky, kx] of terms)
    for (let c = 0; c < channels; c++)
      for (let f = 0; f < filters; f++)
        out[place * filters + f]! +=
          x.data[pixel * channels + c]! * kernel![((ky * kw! + kx) * channels + c) * filters + f]!;
  return out;
}

function depthwise(inputs: Value[], [kernel, bias]: Float64Array[], given: Config): Float64Array {
  const [x, config] = flat(inputs[0]!, given);
  const channels = x.shape[3]!;
  const multiplier = kernel!.length / (config.kernelSize[0]! * config.kernelSize[1]! * channels);
  const width = channels * multiplier;
  const entries: [number, number][] = [];
  const places = slide(
    x.shape,
    config.kernelSize,
    config.strides,
    config.dilationRate,
    config.padding === "same",
    (pixel, out, ky, kx) => {
      for (let c = 0; c < channels; c++)
        for (let m = 0; m < multiplier; m++)
          entries.push([
            out * width + c * multiplier + m,
            x.data[pixel * channels + c]! *
              kernel![((ky * config.kernelSize[1]! + kx) * channels + c) * multiplier + m]!,
          ]);
    },
  );
  const out = Float64Array.from({ length: places * width }, (_, i) => bias?.[i % width] ?? 0);
  for (const [place, value] of entries) out[place]! += value;
  return out;
}

function pool(inputs: Value[], given: Config, mean: boolean): Float64Array {
  const [x, config] = flat(inputs[0]!, given);
  const channels = x.shape[3]!;
  const seen: number[][] = [];
  slide(x.shape, config.poolSize, config.strides, [1, 1], config.padding === "same", (pixel, out) => {
    seen[out] ??= [];
    seen[out]!.push(pixel);
  });
  return Float64Array.from({ length: seen.length * channels }, (_, i) => {
    const values = seen[Math.floor(i / channels)]!.map((pixel) => x.data[pixel * channels + (i % channels)]!);
    return mean ? values.reduce((a, b) => a + b) / values.length : Math.max(...values);
  });
}

function poolAll([x]: Value[], mean: boolean): Float64Array {
  const [n] = x!.shape;
  const channels = x!.shape.at(-1)!;
  const places = x!.data.length / n! / channels;
  return Float64Array.from({ length: n! * channels }, (_, i) => {
    const values = Array.from(
      { length: places },
      (_, p) => x!.data[(Math.floor(i / channels) * places + p) * channels + (i % channels)]!,
    );
    return mean ? values.reduce((a, b) => a + b) / places : Math.max(...values);
  });
}

/** Normalises each group of numbers to mean 0 and variance 1, then scales: (x - mean) / sqrt(variance + eps) gamma + beta. */
function normalise(
  x: Value,
  group: (i: number) => number,
  weights: Float64Array[],
  config: Config,
): Float64Array {
  const sums = new Map<number, { n: number; sum: number; squares: number }>();
  const each = (visit: (total: { n: number; sum: number; squares: number }, value: number) => void) =>
    x.data.forEach((value, i) => {
      const key = group(i);
      if (!sums.has(key)) sums.set(key, { n: 0, sum: 0, squares: 0 });
      visit(sums.get(key)!, value);
    });
  each((total, value) => {
    total.n++;
    total.sum += value;
  });
  each((total, value) => {
    total.squares += (value - total.sum / total.n) ** 2;
  });
  const channels = x.shape.at(-1)!;
  const gamma = config.scale ? weights[0] : undefined;
  const beta = config.center ? weights[config.scale ? 1 : 0] : undefined;
  return x.data.map((value, i) => {
    const { n, sum, squares } = sums.get(group(i))!;
    return (
      ((value - sum / n) / Math.sqrt(squares / n + config.epsilon)) * (gamma?.[i % channels] ?? 1) +
      (beta?.[i % channels] ?? 0)
    );
  });
}

/** One direction of an LSTM (Hochreiter and Schmidhuber; gates i f c o) or GRU (Cho et al.; z r h). */
function recurrent([x]: Value[], weights: Float64Array[], config: Config, kind: string): Float64Array {
  const [n, steps, width] = x!.shape as [number, number, number];
  const [kernel, recurrentKernel] = weights;
  const bias = config.useBias ? weights[2] : undefined;
  const units = config.units;
  const gates = kind === "LSTM" ? 4 : 3;
  const act = SCALAR[config.activation]!;
  const gate = SCALAR[config.recurrentActivation]!;
  const out = new Float64Array(n * (config.returnSequences ? steps : 1) * units);
  for (let b = 0; b < n; b++) {
    let h = new Float64Array(units);
    const cell = new Float64Array(units);
    for (let s = 0; s < steps; s++) {
      const t = config.goBackwards ? steps - 1 - s : s;
      if (x!.real && !x!.real[b * steps + t]) {
        if (config.returnSequences) out.set(h, (b * steps + s) * units);
        continue;
      }
      const fromInput = (j: number) => {
        let sum = bias?.[j] ?? 0;
        for (let i = 0; i < width; i++)
          sum += x!.data[(b * steps + t) * width + i]! * kernel![i * gates * units + j]!;
        return sum;
      };
      const fromState = (state: Float64Array, j: number) => {
        let sum = 0;
        for (let i = 0; i < units; i++) sum += state[i]! * recurrentKernel![i * gates * units + j]!;
        return sum;
      };
      const next = new Float64Array(units);
      if (kind === "LSTM") {
        for (let u = 0; u < units; u++) {
          const [i, f, c, o] = [0, 1, 2, 3].map(
            (g) => fromInput(g * units + u) + fromState(h, g * units + u),
          );
          cell[u] = gate(f!) * cell[u]! + gate(i!) * act(c!);
          next[u] = gate(o!) * act(cell[u]!);
        }
      } else {
        const z = h.map((_, u) => gate(fromInput(u) + fromState(h, u)));
        const reset = h.map((value, u) => value * gate(fromInput(units + u) + fromState(h, units + u)));
        for (let u = 0; u < units; u++) {
          const candidate = act(fromInput(2 * units + u) + fromState(reset, 2 * units + u));
          next[u] = z[u]! * h[u]! + (1 - z[u]!) * candidate;
        }
      }
      h = next;
      if (config.returnSequences) out.set(h, (b * steps + s) * units);
    }
    if (!config.returnSequences) out.set(h, b * units);
  }
  RECURRENT.add(out);
  return out;
}

function bidirectional(
  inputs: Value[],
  weights: Float64Array[],
  config: Config,
  node: GraphNode,
): Float64Array {
  const inner = (config as unknown as { layer: { className: string; config: Config } }).layer;
  const half = weights.length / 2;
  const { className: kind, config: one } = inner;
  const forth = recurrent(inputs, weights.slice(0, half), one, kind);
  const back = recurrent(inputs, weights.slice(half), { ...one, goBackwards: !one.goBackwards }, kind);
  const units = one.units;
  const steps = one.returnSequences ? inputs[0]!.shape[1]! : 1;
  const out = new Float64Array(inputs[0]!.shape[0]! * product(node.shape));
  for (let r = 0; r < forth.length / units; r++) {
    const mirrored = r - (r % steps) + (steps - 1 - (r % steps));
    for (let u = 0; u < units; u++) {
      const a = forth[r * units + u]!;
      const b = back[mirrored * units + u]!;
      if (config.mergeMode === "concat") {
        out[r * 2 * units + u] = a;
        out[r * 2 * units + units + u] = b;
      } else out[r * units + u] = { sum: a + b, ave: (a + b) / 2, mul: a * b }[config.mergeMode];
    }
  }
  return out;
}

/** Of each clip and frame, whether it holds another number than `padding`. */
function realFrames({ shape, data }: Value, padding: number): boolean[] {
  const width = shape.at(-1)!;
  return Array.from({ length: data.length / width }, (_, i) =>
    data.subarray(i * width, (i + 1) * width).some((value) => value !== padding),
  );
}

function masking([x]: Value[], { maskValue }: Config): Float64Array {
  const real = realFrames(x!, maskValue);
  return x!.data.map((value, i) => (real[Math.floor(i / x!.shape.at(-1)!)] ? value : 0));
}

/** With n[r] real frames among the stride frames of r: n[r] / sum of n, or ln(n[r] / stride). */
function frameWeights([x]: Value[], { stride, output }: Config): Float64Array {
  const [n, frames] = x!.shape as [number, number];
  const real = realFrames(x!, 0);
  const rows = Math.floor(frames / stride);
  const counts = Array.from({ length: n }, (_, b) =>
    Array.from(
      { length: rows },
      (_, r) => real.slice(b * frames + r * stride, b * frames + (r + 1) * stride).filter((is) => is).length,
    ),
  );
  const weights = counts.map((each) => {
    const total = each.reduce((a, b) => a + b);
    if (output === "share") return each.map((count) => (total > 0 ? count / total : 0));
    return each.map((count) => (count > 0 ? Math.log(count / stride) : -1e9));
  });
  return Float64Array.from(weights.flat());
}

/** erf by its series, as far as double precision can tell: sum of 2 / sqrt(pi) (-1)^n x^(2n+1) / (n! (2n+1)). */
function erf(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x); // 1 - erf(5) is 1.5e-12
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 && n < 200; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

function framePadding([x]: Value[], { before, after }: Config): Float64Array {
  const [n, frames, width] = x!.shape as [number, number, number];
  const out = new Float64Array(n * (before + frames + after) * width);
  for (let b = 0; b < n; b++)
    out.set(
      x!.data.subarray(b * frames * width, (b + 1) * frames * width),
      (b * (before + frames + after) + before) * width,
    );
  return out;
}

function addPositions([x]: Value[], [table]: Float64Array[]): Float64Array {
  const size = product(x!.shape.slice(1));
  return x!.data.map((value, i) => value + table![i % size]!);
}

/** Of each head: the values' mean, weighted by the softmax over the keys of query times key over sqrt(width of a head). */
function selfAttention([x, weights]: Value[], { heads }: Config): Float64Array {
  const [n, frames, columns] = x!.shape as [number, number, number];
  const width = columns / 3;
  const d = width / heads;
  const out = new Float64Array(n * frames * width);
  const at = (b: number, frame: number, part: number, head: number, i: number) =>
    x!.data[(b * frames + frame) * columns + part * width + head * d + i]!;
  for (let b = 0; b < n; b++)
    for (let h = 0; h < heads; h++)
      for (let f = 0; f < frames; f++) {
        const scores = Float64Array.from({ length: frames }, (_, key) => {
          let sum = 0;
          for (let i = 0; i < d; i++) sum += at(b, f, 0, h, i) * at(b, key, 1, h, i);
          return sum / Math.sqrt(d) + (weights?.data[b * frames + key] ?? 0);
        });
        softmax(scores, frames, 1).forEach((share, key) => {
          for (let i = 0; i < d; i++)
            out[(b * frames + f) * width + h * d + i]! += share * at(b, key, 2, h, i);
        });
      }
  return out;
}

function permute([x]: Value[], { dims }: Config): Float64Array {
  const shape = x!.shape.slice(1);
  const size = product(shape);
  const strides = shape.map((_, i) => product(shape.slice(i + 1)));
  const to = dims.map((d) => shape[d - 1]!);
  return Float64Array.from({ length: x!.data.length }, (_, i) => {
    let rest = i % size;
    let from = i - rest;
    for (let d = to.length - 1; d >= 0; d--) {
      from += (rest % to[d]!) * strides[dims[d]! - 1]!;
      rest = Math.floor(rest / to[d]!);
    }
    return x!.data[from]!;
  });
}

/** Elementwise, where a size of 1 stands for all. */
function elementwise(inputs: Value[], node: GraphNode, f: (a: number, b: number) => number): Float64Array {
  const n = inputs[0]!.shape[0]!;
  const shape = [n, ...node.shape];
  const at = (value: Value, index: number) => {
    let rest = index;
    let from = 0;
    let stride = 1;
    for (let d = shape.length - 1; d >= 0; d--) {
      const size = value.shape[d]!;
      if (size > 1) from += (rest % shape[d]!) * stride;
      rest = Math.floor(rest / shape[d]!);
      stride *= size;
    }
    return value.data[from]!;
  };
  return Float64Array.from({ length: product(shape) }, (_, i) =>
    inputs.slice(1).reduce((a, value) => f(a, at(value, i)), at(inputs[0]!, i)),
  );
}

/** Two matrices multiplied over one axis of each: sum over k of a[k, p] b[k, q]. */
function dot(inputs: Value[], { axes }: Config): Float64Array {
  const [a, b] = inputs.map((value, i) => {
    if (value.shape.length === 2) return { shape: [...value.shape, 1], data: value.data };
    if ([axes].flat()[i === 0 ? 0 : [axes].flat().length - 1] === 1) return value;
    const [n, rows, cols] = value.shape as [number, number, number];
    return { shape: [n, cols, rows], data: permute([value], { dims: [2, 1] } as Config) };
  });
  const [n, steps, p] = a!.shape as [number, number, number];
  const q = b!.shape[2]!;
  const out = new Float64Array(n * p * q);
  for (let c = 0; c < n; c++)
    for (let t = 0; t < steps; t++)
      for (let i = 0; i < p; i++)
        for (let j = 0; j < q; j++)
          out[(c * p + i) * q + j]! += a!.data[(c * steps + t) * p + i]! * b!.data[(c * steps + t) * q + j]!;
  return out;
}

/** out[t, f] = bias[f] + sum over u, i of x[t + u - floor(k / 2), i-th of the group of f] kernel[u, i, f]. */
function groupedConvolution(
  [x]: Value[],
  [kernel, bias]: Float64Array[],
  { kernelSize, groups }: { kernelSize: number; groups: number },
): Float64Array {
  const [n, frames, width] = x!.shape as [number, number, number];
  const filters = bias!.length;
  const each = width / groups;
  const at = (b: number, t: number, i: number) =>
    t < 0 || t >= frames ? 0 : x!.data[(b * frames + t) * width + i]!;
  return Float64Array.from({ length: n * frames * filters }, (_, index) => {
    const f = index % filters;
    const t = Math.floor(index / filters) % frames;
    const b = Math.floor(index / filters / frames);
    const first = Math.floor(f / (filters / groups)) * each;
    let sum = bias![f]!;
    for (let u = 0; u < kernelSize; u++)
      for (let i = 0; i < each; i++)
        sum += at(b, t + u - Math.floor(kernelSize / 2), first + i) * kernel![(u * each + i) * filters + f]!;
    return sum;
  });
}

/** Each channel over the frames of its clip. */
function groupNormalisation([x]: Value[], weights: Float64Array[], config: Config): Float64Array {
  const [, frames, width] = x!.shape as [number, number, number];
  const group = (i: number) => Math.floor(i / (frames * width)) * width + (i % width);
  return normalise(x!, group, weights, { ...config, scale: true, center: true });
}

function concatenate(inputs: Value[]): Float64Array {
  const rows = inputs[0]!.data.length / inputs[0]!.shape.at(-1)!;
  const out: number[] = [];
  for (let r = 0; r < rows; r++)
    for (const { shape, data } of inputs)
      out.push(...data.subarray(r * shape.at(-1)!, (r + 1) * shape.at(-1)!));
  return Float64Array.from(out);
}

/** A depthwise convolution, then one of 1 x 1. */
function separable(
  inputs: Value[],
  [kernel, pointwise, bias]: Float64Array[],
  config: Config,
  node: GraphNode,
): Float64Array {
  const data = depthwise(inputs, [kernel!], config);
  const channels = kernel!.length / (config.kernelSize[0]! * config.kernelSize[1]!);
  return dense(
    [{ shape: [inputs[0]!.shape[0]!, ...node.shape.slice(0, -1), channels], data }],
    [pointwise!, bias!],
  );
}

const same: LayerFunction = ([x]) => x!.data;
const scalar =
  (f: (x: number, config: Config) => number): LayerFunction =>
  ([x], _, config) =>
    x!.data.map((value) => f(value, config));
const perChannel: LayerFunction = ([x], weights, config) =>
  normalise(x!, (i) => i % x!.shape.at(-1)!, weights, config);

const LAYERS: Record<string, LayerFunction> = {
  Dense: dense,
  TimeDistributed: (inputs, weights) => dense(inputs, weights),
  Conv1D: convolution,
  Conv2D: convolution,
  DepthwiseConv2D: depthwise,
  SeparableConv2D: separable,
  BatchNormalization: perChannel,
  LayerNormalization: ([x], weights, config) =>
    normalise(x!, (i) => Math.floor(i / x!.shape.at(-1)!), weights, config),
  Activation: ([x]) => x!.data.slice(), // else marked as a recurrent layer's own, perhaps
  ReLU: scalar((x, { maxValue }) => Math.min(maxValue ?? Number.POSITIVE_INFINITY, Math.max(0, x))),
  ELU: scalar((x, { alpha }) => (x > 0 ? x : alpha * Math.expm1(x))),
  LeakyReLU: scalar((x, { alpha }) => (x > 0 ? x : alpha * x)),
  Softmax: ([x], _, { axis }) => {
    const place = axis < 0 ? x!.shape.length + axis : axis;
    return softmax(x!.data, x!.shape[place]!, product(x!.shape.slice(place + 1)));
  },
  MaxPooling1D: (inputs, _, config) => pool(inputs, config, false),
  MaxPooling2D: (inputs, _, config) => pool(inputs, config, false),
  AveragePooling1D: (inputs, _, config) => pool(inputs, config, true),
  AveragePooling2D: (inputs, _, config) => pool(inputs, config, true),
  GlobalAveragePooling1D: (inputs) => poolAll(inputs, true),
  GlobalAveragePooling2D: (inputs) => poolAll(inputs, true),
  GlobalMaxPooling1D: (inputs) => poolAll(inputs, false),
  GlobalMaxPooling2D: (inputs) => poolAll(inputs, false),
  LSTM: (inputs, weights, config) => recurrent(inputs, weights, config, "LSTM"),
  GRU: (inputs, weights, config) => recurrent(inputs, weights, config, "GRU"),
  Bidirectional: bidirectional,
  Masking: (inputs, _, config) => masking(inputs, config),
  FrameWeights: (inputs, _, config) => frameWeights(inputs, config),
  FramePadding: (inputs, _, config) => framePadding(inputs, config),
  Gelu: scalar((x) => (x * (1 + erf(x * Math.SQRT1_2))) / 2),
  Positions: addPositions,
  SelfAttention: (inputs, _, config) => selfAttention(inputs, config),
  GroupNorm: groupNormalisation,
  GroupedConv1D: (inputs, weights, config) => groupedConvolution(inputs, weights, config as never),
  Flatten: same,
  Reshape: same,
  Permute: (inputs, _, config) => permute(inputs, config),
  Concatenate: concatenate,
  Add: (inputs, _, __, node) => elementwise(inputs, node, (a, b) => a + b),
  Multiply: (inputs, _, __, node) => elementwise(inputs, node, (a, b) => a * b),
  Dot: (inputs, _, config) => dot(inputs, config),
};
