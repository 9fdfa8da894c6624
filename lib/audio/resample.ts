import { growTo, instantiate, type KernelMemory } from "../base/wasm.js";
import { KERNEL_BINARY } from "./kernelBinary.js";

/**
 * Design of the low-pass filter, for a base rate of 1 (the lower of the two rates): a sinc with cutoff CUTOFF and a Kaiser
 * window of half-width REACH. Measured on a fine frequency grid: -0.08 dB at 7/16 (7 kHz for a base of 16 kHz), below
 * -84 dB from 1/2 (8 kHz) on, so that nothing aliases into the band. REACH is the smallest value that achieves both.
 */
const CUTOFF = 0.463;
const REACH = 39;
const BETA = 8.2;

/** Stop-band attenuation of the half-band filters, dB; enough for several of them in series. */
const HALVING_DB = 96;

/** For a ratio with more phases than this, kernels are interpolated linearly between this many; the error is -110 dB. */
const MAX_PHASES = 512;

/**
 * Resamples with a band-limited, linear-phase polyphase filter (Kaiser-windowed sinc): ripple below 0.1 dB up to 7/8
 * of the lower Nyquist frequency, aliases and images below -80 dB. Rates far above the target are first
 * halved by half-band filters, which is cheaper. Filters are cached for each pair of rates.
 *
 * @param samples mono
 * @param from sampling rate of the samples, Hz, a whole number
 * @param to target sampling rate, Hz, a whole number
 * @returns ceil(samples.length * to / from) samples; sample m is at time m / to
 * @throws {RangeError} when a rate is not a positive whole number
 * @example
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * const speech = resample(samples, sampleRate, 16000);
 * resample(new Float32Array(44100), 44100, 16000).length; // => 16000
 */
export function resample(samples: Float32Array, from: number, to: number): Float32Array {
  for (const rate of [from, to])
    if (!Number.isInteger(rate) || rate < 1)
      throw new RangeError(`${rate} Hz is not a positive whole number`);
  if (from === to || samples.length === 0) return samples.slice();
  let signal = samples;
  for (const stage of stagesFor(from, to)) signal = convolve(signal, stage);
  const length = Math.ceil((samples.length * to) / from);
  return signal.length === length ? signal : signal.slice(0, length);
}

/** One rate change by up / down: a filter in the memory of its own kernel instance. */
interface Stage {
  up: number;
  down: number;
  /** Samples the filter needs before the one at or before an output's time, and after it. */
  before: number;
  after: number;
  wasm: Exports;
  /** Address of the free memory after the filter. */
  free: number;
  /** Outputs per run, at most. */
  block: number;
  /** Computes `count` outputs from number `first` on; `x` is the address of the sample at its time. */
  run(x: number, first: number, out: number, count: number): void;
}

const stages = new Map<string, Stage[]>();

function stagesFor(from: number, to: number): Stage[] {
  const key = `${from}/${to}`;
  let list = stages.get(key);
  if (!list) {
    list = makeStages(from, to);
    stages.set(key, list);
  }
  return list;
}

function makeStages(from: number, to: number): Stage[] {
  const list: Stage[] = [];
  let rate = from;
  let up = to;
  // Closer to 2, the half-band filter would have to be too steep to save anything.
  for (; rate / to >= 2.4; rate /= 2, up *= 2) list.push(halving(halfBandKernel(to / 2 / rate)));
  const shared = gcd(from, up);
  list.push(polyphase(up / shared, from / shared));
  return list;
}

function halving(kernel: Float32Array): Stage {
  const taps = kernel.length;
  const { wasm, tables, free } = load(kernel);
  const odd = free;
  const run = (x: number, _first: number, out: number, count: number) =>
    wasm.halve(x, tables, taps, odd, out, 8 * Math.ceil(count / 8));
  return {
    up: 1,
    down: 2,
    before: 2 * taps,
    after: 2 * taps + 16,
    wasm,
    free: free + 4 * (BLOCK + 2 * taps + 4),
    block: BLOCK,
    run,
  };
}

function polyphase(up: number, down: number): Stage {
  if (up > MAX_PHASES) return interpolated(up, down);
  const { rows, taps, before } = kernelRows(up, Math.min(1, up / down));
  const turns = GROUP * Math.ceil(BLOCK / (GROUP * up));
  const length = turns + 1 + Math.ceil(taps / down);
  const places = Int32Array.from(
    { length: down + taps },
    (_, i) => (i % down) * length + Math.floor(i / down),
  );
  const { wasm, tables, free } = load(rows, places);
  const streams = free;
  const run = (x: number, _first: number, out: number, count: number) => {
    const padded = 4 * up * Math.ceil(count / (4 * up));
    wasm.phases(
      x - 4 * before,
      streams,
      length,
      tables + 4 * rows.length,
      tables,
      taps,
      up,
      down,
      out,
      padded,
    );
  };
  return {
    up,
    down,
    before,
    after: taps + 2 * down,
    wasm,
    free: free + 4 * down * length,
    block: turns * up,
    run,
  };
}

function interpolated(up: number, down: number): Stage {
  const { rows, taps, before } = kernelRows(MAX_PHASES, Math.min(1, up / down));
  const { wasm, tables, free } = load(rows);
  const run = (x: number, first: number, out: number, count: number) => {
    const phase = (first * down) % up;
    wasm.between(x - 4 * before, tables, MAX_PHASES, taps, up, down, phase, out, count);
  };
  return { up, down, before, after: taps, wasm, free, block: BLOCK, run };
}

/** A row of taps for each of `phases` fractions of a sample, and one for a whole sample; each row sums to 1. */
function kernelRows(phases: number, base: number): { rows: Float32Array; taps: number; before: number } {
  const before = Math.ceil(REACH / base) - 1;
  const taps = 8 * Math.ceil((2 * before + 2) / 8);
  const rows = new Float32Array((phases + 1) * taps);
  for (let phase = 0; phase <= phases; phase++) {
    const row = Float64Array.from({ length: taps }, (_, tap) =>
      lowpass((tap - before - phase / phases) * base),
    );
    const sum = row.reduce((a, b) => a + b, 0);
    rows.set(
      row.map((value) => value / sum),
      phase * taps,
    );
  }
  return { rows, taps, before };
}

/** The low-pass at time t, in samples of the base rate. */
function lowpass(t: number): number {
  const inside = 1 - (t / REACH) ** 2;
  return inside <= 0 ? 0 : sinc(2 * CUTOFF * t) * bessel0(BETA * Math.sqrt(inside));
}

/**
 * The odd taps 1, 3, 5, ... of a half-band low-pass whose pass band ends at `edge` (cycles a sample, under 1/4) and
 * whose stop band begins at 1/2 - edge, 96 dB down. The even taps are zero except the middle one, 1/2.
 * Kaiser's formulas: beta = 0.1102 (A - 8.7), length = (A - 7.95) / (2.285 * transition).
 */
function halfBandKernel(edge: number): Float32Array {
  const length = (HALVING_DB - 7.95) / (2.285 * 2 * Math.PI * (0.5 - 2 * edge));
  const count = Math.ceil((length / 2 + 1) / 2);
  const beta = 0.1102 * (HALVING_DB - 8.7);
  const taps = Float64Array.from({ length: count }, (_, i) => {
    const t = 2 * i + 1;
    return sinc(t / 2) * bessel0(beta * Math.sqrt(1 - (t / (2 * count)) ** 2));
  });
  const sum = taps.reduce((a, b) => a + b, 0);
  return Float32Array.from(taps, (tap) => tap / sum / 4);
}

/** Outputs per block: the working set fits the processor's cache, and the kernel's memory does not grow with the clip. */
const BLOCK = 4096;

/** A block has a multiple of this many outputs of each phase: kernel.c computes 7 vectors of 4 together. */
const GROUP = 28;

/** Runs a stage over a whole signal, block by block; the signal is padded with zeros at both ends. */
function convolve(signal: Float32Array, stage: Stage): Float32Array {
  const { up, down, before, after, block, wasm, run } = stage;
  const result = new Float32Array(Math.ceil((signal.length * up) / down));
  const reach = before + Math.ceil((block * down) / up) + after;
  const memory = memoryOf(wasm, stage.free + 4 * (reach + block));
  const x = memory.subarray(stage.free / 4, stage.free / 4 + reach);
  const out = memory.subarray(stage.free / 4 + reach, stage.free / 4 + reach + block);
  for (let first = 0; first < result.length; first += block) {
    const count = Math.min(block, result.length - first);
    const start = Math.floor((first * down) / up) - before;
    const lead = Math.max(0, -start);
    const there = signal.subarray(start + lead, Math.max(start + lead, start + reach));
    x.fill(0, 0, lead);
    x.set(there, lead);
    x.fill(0, lead + there.length);
    run(stage.free + 4 * before, first, stage.free + 4 * reach, count);
    result.set(out.subarray(0, count), first);
  }
  return result;
}

interface Exports extends KernelMemory {
  phases(
    x: number,
    streams: number,
    length: number,
    places: number,
    rows: number,
    taps: number,
    up: number,
    down: number,
    out: number,
    n: number,
  ): void;
  between(
    x: number,
    rows: number,
    stored: number,
    taps: number,
    up: number,
    down: number,
    phase: number,
    out: number,
    n: number,
  ): void;
  halve(x: number, kernel: number, taps: number, odd: number, out: number, n: number): void;
}

/** A new kernel instance with these tables at the start of its memory. */
function load(
  values: Float32Array,
  places = new Int32Array(0),
): { wasm: Exports; tables: number; free: number } {
  const wasm = instantiate<Exports>(KERNEL_BINARY);
  const tables = 16 * Math.ceil(wasm.__heap_base.value / 16);
  const free = tables + 4 * (values.length + places.length);
  memoryOf(wasm, free).set(values, tables / 4);
  new Int32Array(wasm.memory.buffer).set(places, tables / 4 + values.length);
  return { wasm, tables, free };
}

/** The kernel's memory as floats, grown to at least this many bytes. */
function memoryOf(wasm: Exports, bytes: number): Float32Array {
  growTo(wasm, bytes);
  return new Float32Array(wasm.memory.buffer);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** The modified Bessel function of the first kind, order 0, by its power series. */
function bessel0(x: number): number {
  let sum = 1;
  for (let k = 1, term = 1; term > 1e-17 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
