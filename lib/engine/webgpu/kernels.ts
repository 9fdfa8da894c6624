import { ACTIVATION } from "../core.js";

/** What a kernel finds in its uniform `s`, set anew for each step. */
export const STATE = `
struct State {
  count: u32,     // clips of the batch
  training: u32,
  moving: u32,    // whether running statistics are updated
  key: u32,       // of dropout: mix(mix(seed) + step)
  rate: f32,
  c1: f32,        // 1 / (1 - beta1^step), 1 / (1 - beta2^step)
  c2: f32,
  shrink: f32,    // 1 - rate * decay
}
@group(0) @binding(0) var<uniform> s: State;
`;

/**
 * Functions that are the C core's (core/simd.h), since WGSL's own may be coarser: exp by a polynomial, tanh and sigmoid by it.
 * Comparisons are written so that NaN goes on to the loss.
 */
export const MATHS = `
fn exp_(x0: f32) -> f32 {
  var x = select(x0, -87.0, x0 < -87.0);
  x = select(x, 88.0, x > 88.0);
  let n = round(x * 1.44269504);
  let f = (x - n * 0.693359375) + n * 2.12194440e-4;
  var p = 1.9875691500e-4;
  p = p * f + 1.3981999507e-3;
  p = p * f + 8.3334519073e-3;
  p = p * f + 4.1665795894e-2;
  p = p * f + 1.6666665459e-1;
  p = p * f + 5.0000001201e-1;
  return (p * f * f + f + 1.0) * bitcast<f32>(u32(i32(n) + 127) << 23u);
}
fn sigmoid_(x: f32) -> f32 { return 1.0 / (1.0 + exp_(-x)); }
fn tanh_(x: f32) -> f32 { return 1.0 - 2.0 / (exp_(2.0 * x) + 1.0); }
fn hard_(x: f32) -> f32 {
  let y = x * 0.2 + 0.5;
  return select(select(y, 0.0, y < 0.0), 1.0, y > 1.0);
}
fn erf_(x: f32) -> f32 {
  let q = x * x;
  let t = abs(x);
  var near = -5.96761703e-4;
  near = near * q + 4.99119423e-3;
  near = near * q - 2.67681349e-2;
  near = near * q + 1.12819925e-1;
  near = near * q - 3.76125336e-1;
  near = near * q + 1.28379166e-1;
  near = near * x + x;
  var far = -1.72853470e-5 * t + 3.83197126e-4;
  far = far * q + (-3.88396438e-3 * t + 2.42546219e-2);
  far = far * t - 1.06777877e-1;
  far = far * t - 6.34846687e-1;
  far = far * t - 1.28717512e-1;
  far = 1.0 - exp_(far * t - t);
  return select(near, select(far, -far, x < 0.0), t > 0.927734375);
}
fn log_(x: f32) -> f32 {
  if (!(x > 0.0)) { return x - 1e38 - x * 0.0; }
  let b = bitcast<i32>(x);
  var e = (b >> 23u) - 127;
  var m = bitcast<f32>((b & 0x7fffff) | 0x3f800000);
  if (m > 1.41421356) { m *= 0.5; e += 1; }
  let r = (m - 1.0) / (m + 1.0);
  let r2 = r * r;
  return 2.0 * r * (1.0 + r2 * (1.0 / 3.0 + r2 * (0.2 + r2 * (1.0 / 7.0 + r2 / 9.0)))) + f32(e) * 0.69314718;
}
fn mix_(x0: u32) -> u32 {
  var x = x0 ^ (x0 >> 16u);
  x *= 0x7feb352du;
  x ^= x >> 15u;
  x *= 0x846ca68bu;
  return x ^ (x >> 16u);
}
`;

/** A number as WGSL text, exact for a float. */
export function literal(x: number): string {
  const text = String(Math.fround(x));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** An activation of the expression `x`. */
export function activation(kind: number, x: string, alpha = 0): string {
  switch (kind) {
    case ACTIVATION.relu:
      return `select(${x}, 0.0, ${x} <= 0.0)`;
    case ACTIVATION.relu6:
      return `select(select(${x}, 6.0, ${x} > 6.0), 0.0, ${x} <= 0.0)`;
    case ACTIVATION.leakyRelu:
      return `select(${x}, ${literal(alpha)} * ${x}, ${x} < 0.0)`;
    case ACTIVATION.elu:
      return `select(${x}, ${literal(alpha)} * (exp_(${x}) - 1.0), ${x} < 0.0)`;
    case ACTIVATION.tanh:
      return `tanh_(${x})`;
    case ACTIVATION.sigmoid:
      return `sigmoid_(${x})`;
    case ACTIVATION.hardSigmoid:
      return `hard_(${x})`;
    case ACTIVATION.gelu:
      return `(0.5 * ${x} * (1.0 + erf_(${x} * 0.70710678)))`;
    default:
      return x;
  }
}

/** Its derivative, from the input `x` (only gelu needs it) and the output `y`. */
export function slope(kind: number, x: string, y: string, alpha = 0): string {
  switch (kind) {
    case ACTIVATION.relu:
      return `select(1.0, 0.0, ${y} <= 0.0)`;
    case ACTIVATION.relu6:
      return `select(0.0, 1.0, ${y} > 0.0 && ${y} < 6.0)`;
    case ACTIVATION.leakyRelu:
      return `select(1.0, ${literal(alpha)}, ${x} < 0.0)`;
    case ACTIVATION.elu:
      return `select(1.0, ${y} + ${literal(alpha)}, ${y} < 0.0)`;
    case ACTIVATION.tanh:
      return `(1.0 - ${y} * ${y})`;
    case ACTIVATION.sigmoid:
      return `(${y} * (1.0 - ${y}))`;
    case ACTIVATION.hardSigmoid:
      return `select(0.0, 0.2, ${y} > 0.0 && ${y} < 1.0)`;
    case ACTIVATION.gelu:
      return `(0.5 * (1.0 + erf_(${x} * 0.70710678)) + ${x} * 0.39894228 * exp_(-0.5 * ${x} * ${x}))`;
    default:
      return "1.0";
  }
}

/** Threads of a workgroup of a kernel over elements. */
export const THREADS = 256;

/** A kernel that does `body` for each `i` below `total`. */
export function mapKernel(total: string, body: string): string {
  return `
@compute @workgroup_size(${THREADS}) fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let total = ${total};
  for (var i = id.x; i < total; i += groups.x * ${THREADS}u) {
    ${body}
  }
}`;
}

/** A product of matrices, whose elements are found by functions. */
export interface Product {
  /** Rows, columns and length of the sum, as WGSL expressions. */
  m: string;
  n: string;
  k: string;
  /** Bodies of `fn a(z: u32, m: u32, k: u32) -> f32` and of `b(z, k, n)`. */
  a: string;
  b: string;
  /** What is done with each result `v` of (z, part, m, n); `part` is the part of the sum. */
  store: string;
  /** Into how many parts the sum is cut. */
  parts: number;
  /** Whether neighbours in memory differ in k (else in m, and n). */
  aAlongK: boolean;
  bAlongK: boolean;
  /** Results of a thread, down and across: a workgroup of 16 x 16 makes 16 * these. */
  tile: readonly [number, number];
}

/** Elements of the sum that lie in the workgroup's memory at a time. */
const DEPTH = 16;

/** The kernel of a product: dispatch (tiles folded in x and y, z * parts). */
export function productKernel({ m, n, k, a, b, store, parts, aAlongK, bAlongK, tile }: Product): string {
  const [down, across] = tile;
  const [rows, columns] = [16 * down, 16 * across];
  const each = (count: number, line: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => line(i)).join("\n");
  const load = (name: string, size: number, alongK: boolean, call: (at: string) => string, most: string) => `
    for (var e = li; e < ${size * DEPTH}u; e += 256u) {
      let kk = ${alongK ? `e % ${DEPTH}u` : `e / ${size}u`};
      let at = ${alongK ? `e / ${DEPTH}u` : `e % ${size}u`};
      var v = 0.0;
      if (k0 + kk < last && at + ${name}0 < ${most}) { v = ${call(`${name}0 + at`)}; }
      t${name}[kk * ${size + 1}u + at] = v;
    }`;
  return `
fn a(z: u32, m: u32, k: u32) -> f32 { ${a} }
fn b(z: u32, k: u32, n: u32) -> f32 { ${b} }
fn put(z: u32, part: u32, m: u32, n: u32, v: f32) { ${store} }
var<workgroup> ta: array<f32, ${(rows + 1) * DEPTH}>;
var<workgroup> tb: array<f32, ${(columns + 1) * DEPTH}>;
@compute @workgroup_size(256) fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) li: u32) {
  let M: u32 = ${m};
  let N: u32 = ${n};
  let K: u32 = ${k};
  let wide = (N + ${columns - 1}u) / ${columns}u;
  let turn = id.y * groups.x + id.x;
  let a0 = turn / wide * ${rows}u;
  let b0 = turn % wide * ${columns}u;
  if (a0 >= M) { return; }
  let z = id.z / ${parts}u;
  let part = id.z % ${parts}u;
  let chunk = (K + ${parts - 1}u) / ${parts}u;
  let last = min(K, (part + 1u) * chunk);
  let ty = li / 16u;
  let tx = li % 16u;
  ${each(down * across, (i) => `var c${i} = 0.0;`)}
  for (var k0 = part * chunk; k0 < last; k0 += ${DEPTH}u) {
    ${load("a", rows, aAlongK, (at) => `a(z, ${at}, k0 + kk)`, "M")}
    ${load("b", columns, bAlongK, (at) => `b(z, k0 + kk, ${at})`, "N")}
    workgroupBarrier();
    for (var kk = 0u; kk < ${DEPTH}u; kk++) {
      ${each(down, (i) => `let a${i} = ta[kk * ${rows + 1}u + ty + ${16 * i}u];`)}
      ${each(across, (j) => `let b${j} = tb[kk * ${columns + 1}u + tx + ${16 * j}u];`)}
      ${each(down * across, (i) => `c${i} += a${Math.floor(i / across)} * b${i % across};`)}
    }
    workgroupBarrier();
  }
  ${each(down * across, (i) => {
    const [row, column] = [`a0 + ty + ${16 * Math.floor(i / across)}u`, `b0 + tx + ${16 * (i % across)}u`];
    return `if (${row} < M && ${column} < N) { put(z, part, ${row}, ${column}, c${i}); }`;
  })}
}`;
}

/** Threads of a workgroup of a kernel over rows. */
const ROW_THREADS = 64;

/** A kernel in which a workgroup does one `row` of `rows`; its threads begin at `li` and may call `sum(v)` and `most(v)`. */
export function rowKernel(rows: string, body: string): string {
  const fold = (name: string, join: string) => `
fn ${name}(v: f32, li: u32) -> f32 {
  workgroupBarrier();
  lane[li] = v;
  for (var half = ${ROW_THREADS / 2}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (li < half) { let a = lane[li]; let b = lane[li + half]; lane[li] = ${join}; }
  }
  workgroupBarrier();
  return lane[0];
}`;
  return `
const ACROSS = ${ROW_THREADS}u;
var<workgroup> lane: array<f32, ${ROW_THREADS}>;
${fold("sum", "a + b")}
${fold("most", "select(a, b, !(b <= a))")}
@compute @workgroup_size(${ROW_THREADS}) fn main(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u,
    @builtin(local_invocation_index) li: u32) {
  let row = id.y * groups.x + id.x;
  if (row >= ${rows}) { return; }
  ${body}
}`;
}
