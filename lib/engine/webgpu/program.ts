import { ACTIVATION, CORE_FORWARD, CORE_MAGIC, NONE, OP, PARAM } from "../core.js";

/** An op of a program (core/core.h), checked, with what it reads, writes and learns. */
export interface Op {
  code: number;
  in: number;
  out: number;
  /** The fields after `in` and `out`. */
  f: Int32Array;
  /** The buffers that it reads, in order; `in` is the first. */
  inputs: readonly number[];
  /** Of each input: whether its gradient is wanted, and whether it is added to what a later op gave. */
  want: boolean[];
  add: boolean[];
}

export interface Program {
  forward: boolean;
  /** Floats of one clip, for each buffer. */
  sizes: number[];
  /** Of each buffer: whether a trainable weight lies before it. */
  needs: boolean[];
  parameters: { offset: number; size: number; trainable: boolean; decay: boolean }[];
  /** Floats of the parameter vector. */
  size: number;
  ops: Op[];
  input: number;
  output: number;
}

/** Sizes of what an op reads and writes. */
interface Facts {
  reads: [buffer: number, size: number][];
  writes: number;
  weights: [offset: number, size: number][];
}

/** Number of fields of each op, at least. */
const FIELDS: Readonly<Record<number, number>> = {
  [OP.dense]: 5,
  [OP.conv2d]: 16,
  [OP.depthwise]: 16,
  [OP.batchNorm]: 8,
  [OP.layerNorm]: 5,
  [OP.activation]: 4,
  [OP.maxPool]: 11,
  [OP.avgPool]: 11,
  [OP.globalPool]: 3,
  [OP.dropout]: 5,
  [OP.lstm]: 12,
  [OP.gru]: 12,
  [OP.concat]: 2,
  [OP.add]: 3,
  [OP.multiply]: 4,
  [OP.dot]: 4,
  [OP.reverse]: 2,
  [OP.permute]: 8,
  [OP.frames]: 5,
  [OP.positions]: 4,
  [OP.attention]: 4,
  [OP.groupNorm]: 5,
  [OP.grouped]: 8,
};

/**
 * Reads a program and checks that its sizes agree.
 *
 * @throws {Error} when they do not: a bug of the compiler, not of the user
 */
export function readProgram(words: Int32Array): Program {
  const [magic, buffers, parameters, count, input, output] = words;
  check(magic === CORE_MAGIC || magic === CORE_FORWARD);
  const forward = magic === CORE_FORWARD;
  let at = 6 + buffers + 3 * parameters;
  check(buffers >= 2 && parameters >= 0 && count >= (forward ? 1 : 2) && at <= words.length);
  const sizes = Array.from(words.subarray(6, 6 + buffers));
  check(sizes.every((size) => size >= 1) && sizes[input] !== undefined && sizes[output] !== undefined);
  const table = Array.from({ length: parameters }, (_, i) => {
    const [offset, size, flags] = words.subarray(6 + buffers + 3 * i);
    return {
      offset,
      size,
      trainable: (flags & PARAM.trainable) !== 0,
      decay: (flags & PARAM.decay) !== 0,
    };
  });
  let end = 0;
  for (const { offset, size } of table) {
    check(offset >= end && size >= 1);
    end = offset + size;
  }
  const needs = sizes.map(() => false);
  const ops: Op[] = [];
  for (let i = 0; i < count; i++) {
    check(at + 4 <= words.length && words[at + 1] >= 4 && words[at + 1] <= words.length - at);
    const [code, length, from, to] = words.subarray(at);
    const f = words.slice(at + 4, at + length);
    at += length;
    check(FIELDS[code] !== undefined && f.length >= FIELDS[code] && to !== input);
    const facts = factsOf(code, from, f);
    check(facts.writes === sizes[to] && facts.reads.every(([b, n]) => sizes[b] === n && b !== to));
    let learns = false;
    for (const [offset, size] of facts.weights) {
      if (offset === NONE) continue;
      const found = table.find((p) => p.offset === offset && p.size === size);
      check(found !== undefined);
      learns ||= found!.trainable;
    }
    const inputs = facts.reads.map(([buffer]) => buffer);
    needs[to] ||= learns || (code !== OP.frames && inputs.some((buffer) => needs[buffer]));
    ops.push({ code, in: from, out: to, f, inputs, want: [], add: [] });
  }
  const program = { forward, sizes, needs, parameters: table, size: end, ops, input, output };
  const last = ops.at(-1)!;
  const softmax = last.code === OP.activation && last.f[2] === ACTIVATION.softmax && last.f[0] === 1;
  check(forward ? output !== input : softmax && last.out === output);
  if (!forward) linkGradients(program);
  return program;
}

function check(holds: boolean): void {
  if (!holds) throw new Error("the program is not valid");
}

/** Which gradients an op gives back, and which of them are added to what a later op gave. */
function linkGradients({ ops, needs }: Program): void {
  const given = new Set<number>();
  for (const op of [...ops].reverse()) {
    op.inputs.forEach((buffer, i) => {
      op.want[i] = needs[buffer] && needs[op.out];
      op.add[i] = given.has(buffer);
      if (op.want[i]) given.add(buffer);
    });
  }
}

/** Rows and columns of a convolution's output. */
export function convolutionSize(f: Int32Array): [number, number] {
  const [h, w, , , kh, kw, sh, sw, dh, dw, top, bottom, left, right] = f;
  const y = h + top + bottom - (kh - 1) * dh - 1;
  const x = w + left + right - (kw - 1) * dw - 1;
  check(y >= 0 && x >= 0);
  return [Math.floor(y / sh) + 1, Math.floor(x / sw) + 1];
}

function factsOf(code: number, from: number, f: Int32Array): Facts {
  const [a, b, c, d, e] = f;
  const positive = (n: number, start = 0) => check(f.subarray(start, start + n).every((x) => x >= 1));
  const same = (weights: Facts["weights"] = []): Facts => {
    positive(2);
    return { reads: [[from, a * b]], writes: a * b, weights };
  };
  switch (code) {
    case OP.dense:
      positive(3);
      return {
        reads: [[from, a * b]],
        writes: a * c,
        weights: [
          [d, b * c],
          [e, c],
        ],
      };
    case OP.conv2d:
    case OP.depthwise: {
      positive(10);
      check(f.subarray(10, 14).every((x) => x >= 0));
      const [oh, ow] = convolutionSize(f);
      const channels = code === OP.depthwise ? c * d : d;
      return {
        reads: [[from, a * b * c]],
        writes: oh * ow * channels,
        weights: [
          [f[14], f[4] * f[5] * c * d],
          [f[15], channels],
        ],
      };
    }
    case OP.batchNorm:
      return same(Array.from(f.subarray(2, 6), (offset) => [offset, b]));
    case OP.layerNorm:
    case OP.groupNorm:
      return same(Array.from(f.subarray(2, 4), (offset) => [offset, b]));
    case OP.activation:
      check(c >= 0 && c <= ACTIVATION.gelu);
      return same();
    case OP.maxPool:
    case OP.avgPool: {
      positive(7);
      positive(2, 9);
      const [h, w, n, ph, pw, sh, sw, top, left, oh, ow] = f;
      check(top >= 0 && left >= 0 && top < ph && left < pw);
      check((oh - 1) * sh - top < h && (ow - 1) * sw - left < w);
      return { reads: [[from, h * w * n]], writes: oh * ow * n, weights: [] };
    }
    case OP.globalPool:
      return { ...same(), writes: b };
    case OP.lstm:
    case OP.gru: {
      positive(3);
      const [t, ci, h, flags, kernel, recurrent, bias, gate, act, column, stride, mask] = f;
      check([gate, act].every((k) => k >= 0 && k <= ACTIVATION.relu6 && k !== ACTIVATION.softmax));
      check(column >= 0 && column + h <= stride && kernel >= 0 && recurrent >= 0);
      const n = (code === OP.lstm ? 4 : 3) * h;
      const reads: Facts["reads"] = [[from, t * ci]];
      if (mask !== NONE) reads.push([mask, t]);
      return {
        reads,
        writes: stride * (flags & 1 ? t : 1),
        weights: [
          [kernel, ci * n],
          [recurrent, h * n],
          [bias, n],
        ],
      };
    }
    case OP.concat: {
      positive(2);
      check(f.length >= 2 + 2 * b);
      const reads = Array.from({ length: b }, (_, i): [number, number] => [f[2 + 2 * i], a * f[3 + 2 * i]]);
      return { reads, writes: reads.reduce((sum, [, n]) => sum + n, 0), weights: [] };
    }
    case OP.add:
    case OP.multiply: {
      positive(2, 1);
      check(code === OP.add || d === 1 || d === c);
      const reads: Facts["reads"] = [
        [from, b * c],
        [a, code === OP.add ? b * c : b * d],
      ];
      return { reads, writes: b * c, weights: [] };
    }
    case OP.dot:
      positive(3, 1);
      return {
        reads: [
          [from, b * c],
          [a, b * d],
        ],
        writes: c * d,
        weights: [],
      };
    case OP.frames:
      check(d >= 1 && d <= a && e >= 0 && e <= 2);
      return { ...same(), writes: Math.floor(a / d) };
    case OP.positions:
      check(d >= a && c >= 0);
      return same([[c, d * b]]);
    case OP.attention: {
      positive(3);
      check(b % c === 0);
      const reads: Facts["reads"] = [[from, 3 * a * b]];
      if (d !== NONE) reads.push([d, a]);
      return { reads, writes: a * b, weights: [] };
    }
    case OP.grouped: {
      positive(5);
      const [rows, ci, co, k, groups, left, weight, bias] = f;
      check(left >= 0 && left < k && ci % groups === 0 && co % groups === 0 && weight >= 0);
      return {
        reads: [[from, rows * ci]],
        writes: rows * co,
        weights: [
          [weight, k * (ci / groups) * co],
          [bias, co],
        ],
      };
    }
    case OP.permute:
      positive(4);
      check([0, 1, 2, 3].every((axis) => f.subarray(4, 8).includes(axis)));
      return { reads: [[from, a * b * c * d]], writes: a * b * c * d, weights: [] };
    default: // dropout, reverse
      return same();
  }
}
