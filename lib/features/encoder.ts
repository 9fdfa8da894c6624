import { UserError } from "../base/errors.js";
import { concatenated, type Matrix, zeros } from "../base/matrix.js";
import { type OpenEncoder, openEncoder } from "../encoders/network.js";
import { standardized } from "../models/wav2vec2.js";
import { extended, whisperInput } from "./encoder-input.js";
import { layerOf } from "./encoder-layers.js";
import { ENCODER_TIMING, type EncoderSettings } from "./settings.js";

const { sampleRate: RATE, hopLength: HOP } = ENCODER_TIMING;

/** Window length in seconds for an encoder that takes audio of any length: the cost of attention grows with its square. */
const LONGEST = 30;

/** Computes the states of an encoder from clips prepared by `heardSamples`. */
export interface EncoderFeatures {
  of(samples: Float32Array): Promise<Matrix>;
  dispose(): Promise<void>;
}

/**
 * Opens an encoder to compute features. Only frames of the clip itself are returned, not those of the appended silence. A
 * clip that is longer than the encoder's input is processed in windows of equal length.
 *
 * @throws {UserError} when the encoder is not installed, with how to get it, or does not match the settings
 * @example
 * const encoder = await openEncoderFeatures(settings);
 * const states = await encoder.of(heardSamples(samples, sampleRate, settings));
 */
export async function openEncoderFeatures(
  settings: EncoderSettings,
  options: { threads?: number } = {},
): Promise<EncoderFeatures> {
  const encoder = await openEncoder(settings.encoder, options);
  try {
    return featuresOf(encoder, settings);
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}

function featuresOf({ info, states, dispose }: OpenEncoder, settings: EncoderSettings): EncoderFeatures {
  const { blocks, width } = settings;
  if (info.blocks !== blocks || info.width !== width)
    throw new UserError(
      `${info.name} has ${info.blocks} blocks of width ${info.width}, but the feature settings state ${blocks} of ${width}`,
    );
  const silence = Math.round(settings.silence * RATE);
  const longest = (info.positions > 0 ? info.positions * HOP : LONGEST * RATE) - silence;
  if (longest < HOP)
    throw new UserError(
      `${info.name} takes ${(info.positions * HOP) / RATE} s at once, which ${settings.silence} s of silence fill: reduce the silence`,
    );
  const input = info.family === "whisper" ? whisperInput(info.bands) : samplesAsRows;
  return {
    dispose,
    of: async (samples) => {
      const pool = settings.pooling === "frames" ? new Frames(settings) : new Statistics(settings);
      for (const part of windowsOf(samples, longest)) {
        const { data, rows, cols } = await states(input(extended(part, part.length + silence)));
        const own = Math.max(1, Math.min(rows, Math.floor(part.length / HOP)));
        pool.add({ data: data.subarray(0, own * cols), rows: own, cols });
      }
      return layerOf(pool.result(), settings);
    },
  };
}

/** Windows of equal length, in whole steps of the encoder; the last may be shorter by at most one step per other window. */
function windowsOf(samples: Float32Array, longest: number): Float32Array[] {
  const count = Math.ceil(samples.length / longest);
  const length = Math.ceil(samples.length / count / HOP) * HOP;
  return Array.from({ length: count }, (_, i) => samples.subarray(i * length, (i + 1) * length));
}

function samplesAsRows(samples: Float32Array): Matrix {
  return { data: standardized(samples), rows: samples.length, cols: 1 };
}

/** Each row holds the states of all layers side by side: `[frames, (blocks + 1) * width]`. */
interface Pool {
  add(states: Matrix): void;
  result(): Matrix;
}

/** Mean and standard deviation (divisor n) of each column over time, a row per layer. */
class Statistics implements Pool {
  readonly #settings: EncoderSettings;
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(settings: EncoderSettings) {
    this.#settings = settings;
    const cols = (settings.blocks + 1) * settings.width;
    this.#sums = new Float64Array(cols);
    this.#squares = new Float64Array(cols);
  }

  add({ data, rows, cols }: Matrix): void {
    for (let t = 0, i = 0; t < rows; t++)
      for (let col = 0; col < cols; col++, i++) {
        const value = data[i]!;
        this.#sums[col]! += value;
        this.#squares[col]! += value * value;
      }
    this.#count += rows;
  }

  result(): Matrix {
    const { blocks, width } = this.#settings;
    const out = zeros(blocks + 1, 2 * width);
    for (let layer = 0; layer <= blocks; layer++)
      for (let col = 0; col < width; col++) {
        const mean = this.#sums[layer * width + col]! / this.#count;
        const variance = this.#squares[layer * width + col]! / this.#count - mean * mean;
        out.data[layer * 2 * width + col] = mean;
        out.data[layer * 2 * width + width + col] = Math.sqrt(Math.max(0, variance));
      }
    return out;
  }
}

/** The states of one layer, frame by frame. */
class Frames implements Pool {
  readonly #settings: EncoderSettings;
  readonly #parts: Float32Array[] = [];

  constructor(settings: EncoderSettings) {
    this.#settings = settings;
  }

  add({ data, rows, cols }: Matrix): void {
    const { width, layer } = this.#settings;
    const first = (layer as number) * width;
    const own = new Float32Array(rows * width);
    for (let t = 0; t < rows; t++)
      own.set(data.subarray(t * cols + first, t * cols + first + width), t * width);
    this.#parts.push(own);
  }

  result(): Matrix {
    const data = concatenated(this.#parts);
    const cols = this.#settings.width;
    return { data, rows: data.length / cols, cols };
  }
}
