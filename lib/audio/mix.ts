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
  readonly #sums: Float64Array;
  readonly #squares: Float64Array;
  #frames = 0;

  constructor(readonly channels: number) {
    // The last place is that of the mean.
    this.#sums = new Float64Array(channels + 1);
    this.#squares = new Float64Array(channels + 1);
  }

  /** Takes one sample; `channel` is `channels` for the mean, which comes last. */
  add(channel: number, value: number): void {
    this.#sums[channel]! += value;
    this.#squares[channel]! += value * value;
    if (channel === this.channels) this.#frames++;
  }

  /** By how many dB the mean is below the channels, where they cancel each other out; `undefined` where they do not. */
  get cancellation(): number | undefined {
    const powers = Array.from(this.#sums, (sum, i) => {
      const mean = sum / this.#frames;
      return Math.max(0, this.#squares[i]! / this.#frames - mean * mean);
    });
    const mixed = powers.pop()!;
    const each = powers.reduce((sum, power) => sum + power, 0) / this.channels;
    if (!(each > LEAST)) return undefined;
    const loss = Math.min(MOST, 10 * Math.log10(each / mixed));
    return loss > CANCELLED + 10 * Math.log10(this.channels) ? loss : undefined;
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
  channelData.forEach((channel, c) => {
    for (let i = 0; i < length; i++) {
      samples[i]! += channel[i]! / channels;
      if (channels > 1) levels.add(c, channel[i]!);
    }
  });
  const bad = samples.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) throw new AudioError(path, 0, `sample ${bad} decodes to a value that is not finite`);
  if (channels === 1) return { samples };
  for (const value of samples) levels.add(channels, value);
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
