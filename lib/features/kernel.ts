import type { Matrix } from "../base/matrix.js";
import { growTo, instantiate, type KernelMemory } from "../base/wasm.js";
import { KERNEL_BINARY } from "./kernelBinary.js";
import type { MelBand } from "./mel.js";
import { dctBasis } from "./mfcc.js";
import { type WindowName, windowOf } from "./windows.js";

/** How a signal is cut into frames and windowed. */
export interface FrameSettings {
  /** FFT length in samples; a shorter window is centred in it. */
  nFft: number;
  /** Window length in samples, at most `nFft`. */
  winLength: number;
  /** Samples from one frame to the next. */
  hopLength: number;
  /** `hann`, `hamming`, `blackman`, `bartlett`, or `boxcar` (the same as `ones`); periodic. */
  window: WindowName;
  /** True: frame t is centred on sample `t * hopLength`, and both ends are padded with zeros. False: it starts there. */
  center: boolean;
}

/** Weighted sums of neighbouring bins, and how they are processed. */
export interface BandSettings {
  bands: readonly MelBand[];
  /** Present: converts to decibels, with a floor `topDb` below the maximum of the clip (`null`: no floor). */
  decibels?: { topDb: number | null };
  /** Present: cosine transform of every frame; row k of the basis is `gains[k]` times that of `dctBasis`. */
  cosines?: { gains: ArrayLike<number> };
}

interface Exports extends KernelMemory {
  stft(plan: number, x: number, rows: number, hop: number, lanes: number): void;
  power(plan: number, x: number, rows: number, hop: number, exponent: number, lanes: number): void;
  mel(
    plan: number,
    x: number,
    rows: number,
    hop: number,
    exponent: number,
    bands: number,
    start: number,
    count: number,
    weights: number,
    lanes: number,
  ): void;
  decibels(lanes: number, count: number, amin: number, topDb: number): void;
  dct(
    lanes: number,
    rows: number,
    bands: number,
    outputs: number,
    basis: number,
    scratch: number,
    out: number,
  ): void;
  unpack(lanes: number, rows: number, cols: number, out: number): void;
}

const AMIN = 1e-10;

/**
 * Spectra of a signal's frames, computed by kernel.c in single precision. A kernel owns its working memory and
 * can process any number of signals, one after the other; results are copies.
 */
export class Kernel {
  readonly #settings: FrameSettings;
  readonly #bins: number;
  readonly #wasm = instantiate<Exports>(KERNEL_BINARY);
  readonly #plan: number;
  readonly #bank: { start: number; count: number; weights: number; basis: number } | undefined;
  readonly #bands: BandSettings | undefined;
  /** The first free byte after all tables. */
  readonly #end: number;
  #next: number;

  constructor(settings: FrameSettings, bands?: BandSettings) {
    this.#settings = settings;
    this.#bands = bands;
    this.#bins = Math.floor(settings.nFft / 2) + 1;
    this.#next = this.#wasm.__heap_base.value;
    this.#plan = this.#writePlan();
    this.#bank = bands && this.#writeBands(bands);
    this.#end = this.#next;
  }

  /** The number of frames of a signal: at least one, since short signals are padded with zeros. */
  frames(samples: number): number {
    const { nFft, hopLength, center } = this.#settings;
    const padded = samples + (center ? 2 * Math.floor(nFft / 2) : 0);
    return 1 + Math.floor(Math.max(0, padded - nFft) / hopLength);
  }

  /** The complex spectrum of every frame: rows = frames, columns = alternating real and imaginary parts of the bins. */
  complex(samples: Float32Array): Matrix {
    const { x, rows } = this.#load(samples);
    const lanes = this.#lanes(rows, 2 * this.#bins);
    this.#wasm.stft(this.#plan, x, rows, this.#settings.hopLength, lanes);
    return this.#unpack(lanes, rows, 2 * this.#bins);
  }

  /** The magnitudes to the power of 1 or 2: rows = frames, columns = bins. */
  power(samples: Float32Array, exponent: 1 | 2): Matrix {
    const { x, rows } = this.#load(samples);
    const lanes = this.#lanes(rows, this.#bins);
    this.#wasm.power(this.#plan, x, rows, this.#settings.hopLength, exponent, lanes);
    return this.#unpack(lanes, rows, this.#bins);
  }

  /** The kernel's bands: rows = frames, columns = bands or cosine coefficients. */
  bands(samples: Float32Array, exponent: 1 | 2): Matrix {
    if (!this.#bands || !this.#bank) throw new RangeError("this kernel was made without bands");
    const { bands, decibels, cosines } = this.#bands;
    const { start, count, weights, basis } = this.#bank;
    const { x, rows } = this.#load(samples);
    const lanes = this.#lanes(rows, bands.length);
    const hop = this.#settings.hopLength;
    this.#wasm.mel(this.#plan, x, rows, hop, exponent, bands.length, start, count, weights, lanes);
    const vectors = Math.ceil(rows / 4) * bands.length;
    if (decibels) this.#wasm.decibels(lanes, vectors, AMIN, decibels.topDb ?? 1e30);
    if (!cosines) return this.#unpack(lanes, rows, bands.length);
    const outputs = cosines.gains.length;
    const scratch = this.#place(16 * (bands.length + 1));
    const out = this.#lanes(rows, outputs);
    this.#wasm.dct(lanes, rows, bands.length, outputs, basis, scratch, out);
    return this.#unpack(out, rows, outputs);
  }

  #load(samples: Float32Array): { x: number; rows: number } {
    const { nFft, hopLength, center } = this.#settings;
    const rows = this.frames(samples.length);
    const lead = center ? Math.floor(nFft / 2) : 0;
    // The window is read four samples at a time, up to three beyond its end.
    const length = Math.max((rows - 1) * hopLength + nFft, lead + samples.length) + 4;
    this.#next = this.#end;
    const x = this.#place(4 * length);
    const signal = new Float32Array(this.#wasm.memory.buffer, x, length);
    signal.fill(0, 0, lead);
    signal.set(samples, lead);
    signal.fill(0, lead + samples.length);
    return { x, rows };
  }

  #lanes(rows: number, cols: number): number {
    return this.#place(16 * Math.ceil(rows / 4) * cols);
  }

  #unpack(lanes: number, rows: number, cols: number): Matrix {
    const out = this.#place(4 * rows * cols);
    this.#wasm.unpack(lanes, rows, cols, out);
    const data = new Float32Array(this.#wasm.memory.buffer, out, rows * cols).slice();
    return { data, rows, cols };
  }

  /** Allocates this many bytes, aligned to 16. */
  #place(bytes: number): number {
    const at = (this.#next + 15) & ~15;
    this.#next = at + bytes;
    growTo(this.#wasm, this.#next);
    return at;
  }

  #floats(values: ArrayLike<number>, length = values.length): number {
    const at = this.#place(4 * length);
    const view = new Float32Array(this.#wasm.memory.buffer, at, length);
    view.set(values);
    view.fill(0, values.length);
    return at;
  }

  #integers(values: readonly number[]): number {
    const at = this.#place(4 * values.length);
    new Int32Array(this.#wasm.memory.buffer, at, values.length).set(values);
    return at;
  }

  /** The `Plan` of kernel.c. */
  #writePlan(): number {
    const { nFft, winLength, window } = this.#settings;
    const length = nFft % 2 === 0 ? nFft / 2 : nFft;
    const padded = 4 * Math.ceil(winLength / 4);
    const tables = [
      this.#floats(windowOf(window, winLength), padded),
      this.#floats(rootsOfUnity(length, length)),
      this.#floats(rootsOfUnity(nFft, Math.floor(length / 2) + 1)),
      this.#place(16 * (2 * length + 8)),
      this.#place(16 * (2 * length + 8)),
      this.#place(16 * this.#bins),
    ];
    const factors = factorsOf(length);
    const start = Math.floor((nFft - winLength) / 2);
    const head = [nFft, length, this.#bins, start, winLength];
    return this.#integers([...head, ...tables, factors.length, ...factors]);
  }

  #writeBands({ bands, cosines }: BandSettings) {
    const weights = bands.flatMap((band) => Array.from(band.weights));
    return {
      start: this.#integers(bands.map((band) => band.start)),
      count: this.#integers(bands.map((band) => band.weights.length)),
      weights: this.#floats(weights),
      basis: cosines ? this.#writeBasis(cosines.gains, bands.length) : 0,
    };
  }

  /** The left halves of the rows, padded to a multiple of four rows. */
  #writeBasis(gains: ArrayLike<number>, bands: number): number {
    const half = Math.ceil(bands / 2);
    const basis = dctBasis(gains.length, bands);
    const left = Array.from({ length: gains.length * half }, (_, i) => {
      const k = Math.floor(i / half);
      return gains[k]! * basis[k * bands + (i % half)]!;
    });
    return this.#floats(left, 4 * Math.ceil(gains.length / 4) * half);
  }
}

/** `exp(-2 pi i k / n)` for k below `count`, alternating real and imaginary parts. */
function rootsOfUnity(n: number, count: number): Float64Array {
  const out = new Float64Array(2 * count);
  for (let k = 0; k < count; k++) {
    out[2 * k] = Math.cos((2 * Math.PI * k) / n);
    out[2 * k + 1] = -Math.sin((2 * Math.PI * k) / n);
  }
  return out;
}

/** The radices of a transform: fours first, then the remaining prime factors. */
function factorsOf(n: number): number[] {
  const factors: number[] = [];
  for (let rest = n, p = 4; rest > 1; p = p === 4 ? 2 : p === 2 ? 3 : p + 2) {
    for (; rest % p === 0; rest /= p) factors.push(p);
  }
  return factors;
}
