import { concatenated } from "../base/matrix.js";
import { type Audio, AudioError } from "./audio.js";
import { rangeText } from "./level.js";
import { resample } from "./resample.js";

/**
 * By how many dB the mean of channels must be below what that of unrelated channels is below them. For two channels of equal
 * level that is a correlation under -0.8.
 */
const CANCELLED = 7;

/** What is reported for a mean that is nothing at all, dB. */
const MOST = 120;

/** Power under which nothing is said of channels: a step of 16 bit. */
const LEAST = 2 ** -30;

/** Compares the level of the mean of channels with theirs, while it is made. A constant offset does not count. */
export class ChannelLevels {
  /** Of the samples of each channel: whoever decodes them adds them up. */
  readonly sums: Float64Array;
  #frames = 0;
  #squares = 0;
  #mixed = 0;

  constructor(readonly channels: number) {
    this.sums = new Float64Array(channels);
  }

  /** Takes the squares of so many frames: those of all channels' samples, and those of their means, added up. */
  add(frames: number, squares: number, mixed: number): void {
    this.#frames += frames;
    this.#squares += squares;
    this.#mixed += mixed;
  }

  /** By how many dB the mean is below the channels, where they cancel each other out; `undefined` where they do not. */
  get cancellation(): number | undefined {
    const { channels } = this;
    const offsets = this.sums.map((sum) => sum / this.#frames);
    const offset = offsets.reduce((sum, value) => sum + value, 0) / channels;
    const constant = offsets.reduce((sum, value) => sum + value * value, 0);
    const each = (this.#squares / this.#frames - constant) / channels;
    const mixed = Math.max(0, this.#mixed / this.#frames - offset * offset);
    if (!(each > LEAST)) return undefined;
    const loss = Math.min(MOST, 10 * Math.log10(each / mixed));
    return loss > CANCELLED + 10 * Math.log10(channels) ? loss : undefined;
  }
}

/** The warning that goes with {@link ChannelLevels.cancellation}. */
export function cancellationText(...losses: number[]): string {
  return `the channels cancel each other out when they are mixed: their mean is ${rangeText(losses)} below them`;
}

/** The recording with its cancellation, also as a warning. */
export function withCancellation(audio: Audio, cancellation: number | undefined): Audio {
  if (cancellation === undefined) return audio;
  return { ...audio, cancellation, warnings: [...audio.warnings, cancellationText(cancellation)] };
}

/** A part of a recording with its own rate. */
export interface Stretch {
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  channels: number;
  cancellation?: number;
}

/**
 * The mean of channels.
 *
 * @throws {AudioError} when a sample is not finite
 */
export function mixDown(
  channelData: readonly Float32Array[],
  length: number,
  path: string,
): Pick<Stretch, "samples" | "cancellation"> {
  const channels = channelData.length;
  const levels = new ChannelLevels(channels);
  const samples = new Float32Array(length);
  let squares = 0;
  channelData.forEach((channel, c) => {
    let total = 0;
    for (let i = 0; i < length; i++) {
      const value = channel[i]!;
      samples[i]! += value / channels;
      total += value;
      squares += value * value;
    }
    levels.sums[c] = total;
  });
  let mixed = 0;
  for (let i = 0; i < length; i++) {
    const value = samples[i]!;
    if (!Number.isFinite(value))
      throw new AudioError(path, 0, `sample ${i} decodes to a value that is not finite`);
    mixed += value * value;
  }
  levels.add(length, squares, mixed);
  return { samples, cancellation: levels.cancellation };
}

/** No stretch is resampled to more than this without need, Hz: it would only take memory. */
const ENOUGH = 48_000;

/** Stretches one after the other, at the highest of their rates; above 48 kHz at the lowest of those. */
export function joined(stretches: readonly Stretch[], warnings: string[]): Stretch {
  const [first] = stretches;
  if (stretches.length === 1) return first!;
  const rates = [...new Set(stretches.map(({ sampleRate }) => sampleRate))];
  const sampleRate = Math.min(Math.max(...rates), Math.max(ENOUGH, Math.min(...rates)));
  if (rates.length > 1)
    warnings.push(
      `the sampling rate changes inside, ${rates.join(", ")} Hz: all is read at ${sampleRate} Hz`,
    );
  const parts = stretches.map((part) => resample(part.samples, part.sampleRate, sampleRate));
  const losses = stretches.flatMap(({ cancellation }) => cancellation ?? []);
  return {
    samples: concatenated(parts),
    sampleRate,
    channels: Math.max(...stretches.map(({ channels }) => channels)),
    ...(losses.length > 0 && { cancellation: Math.max(...losses) }),
  };
}
