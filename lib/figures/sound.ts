import type { LayoutAxis } from "plotly.js";
import type { Matrix } from "../base/matrix.js";
import { melFrequencies } from "../features/mel.js";
import type { Theme } from "./theme.js";

/** The envelope of a sound: the lowest and the highest sample of equal stretches of time, as sound editors draw it. */
export interface Envelope {
  low: ArrayLike<number>;
  high: ArrayLike<number>;
  /** Length of the whole sound, seconds. */
  seconds: number;
}

/**
 * The envelope of a sound: minimum and maximum of each stretch of samples.
 *
 * @param samples mono
 * @param sampleRate Hz
 * @param columns number of stretches, at most one per sample; default 1200, about the pixels of a wide figure
 * @example envelopeOf(Float32Array.of(0.1, -0.2, 0.5, 0), 4, 2); // => { low: [-0.2, 0], high: [0.1, 0.5], seconds: 1 }
 */
export function envelopeOf(samples: Float32Array, sampleRate: number, columns = 1200): Envelope {
  const count = Math.min(columns, samples.length);
  const low = new Float32Array(count);
  const high = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const from = Math.floor((i * samples.length) / count);
    const piece = samples.subarray(from, Math.floor(((i + 1) * samples.length) / count));
    low[i] = piece.reduce((least, sample) => Math.min(least, sample), Number.POSITIVE_INFINITY);
    high[i] = piece.reduce((most, sample) => Math.max(most, sample), Number.NEGATIVE_INFINITY);
  }
  return { low, high, seconds: samples.length / sampleRate };
}

/** The largest absolute value; 1 for silence, so that it can be a divisor. */
export function peakOf({ low, high }: Envelope): number {
  let peak = 0;
  for (let i = 0; i < low.length; i++) peak = Math.max(peak, -low[i]!, high[i]!);
  return peak || 1;
}

/** An envelope as a closed shape: highs from left to right, then lows back; divided by `peak`, to four decimals. */
export function outline(envelope: Envelope, peak = 1): { x: number[]; y: number[] } {
  const { low, high, seconds } = envelope;
  const times = Array.from(low, (_, i) => rounded(((i + 0.5) * seconds) / low.length));
  const scaled = (values: ArrayLike<number>) => Array.from(values, (value) => rounded(value / peak));
  return { x: [...times, ...times.slice().reverse()], y: [...scaled(high), ...scaled(low).reverse()] };
}

/** Frames as the data of a heat map: one row per band, the lowest first; one column per stretch of time. */
export interface FrameImage {
  z: number[][];
  /** Seconds: the centre of the first column, and the step from one column to the next. */
  x0: number;
  dx: number;
}

/** The largest value of each stretch of frames, or with `mean` their mean; to two decimals. */
export function frameImage(
  { data, rows, cols }: Matrix,
  hopSeconds: number,
  { columns = 1200, mean = false }: { columns?: number; mean?: boolean } = {},
): FrameImage {
  const count = Math.min(columns, rows);
  const z = Array.from({ length: cols }, (_, band) =>
    Array.from({ length: count }, (_, i) => {
      const from = Math.floor((i * rows) / count);
      const to = Math.floor(((i + 1) * rows) / count);
      let loudest = Number.NEGATIVE_INFINITY;
      let sum = 0;
      for (let frame = from; frame < to; frame++) {
        const value = data[frame * cols + band]!;
        loudest = Math.max(loudest, value);
        sum += value;
      }
      return Math.round(100 * (mean ? sum / (to - from) : loudest)) / 100;
    }),
  );
  return { z, x0: (hopSeconds * (rows / count - 1)) / 2, dx: (hopSeconds * rows) / count };
}

/** The range of a spectrogram's colours: the 80 dB below the loudest value, librosa's convention. */
export function decibelRange(z: readonly (readonly number[])[]): { zmin: number; zmax: number } {
  let top = Number.NEGATIVE_INFINITY;
  for (const values of z) for (const value of values) if (Number.isFinite(value)) top = Math.max(top, value);
  if (!Number.isFinite(top)) top = 0;
  return { zmin: top - 80, zmax: top };
}

/** Centre frequencies of mel bands (Hz): Slaney's scale from 0 to half the sample rate. */
export function melCentres(bands: number, sampleRate: number): Float64Array {
  return melFrequencies(bands + 2, 0, sampleRate / 2).subarray(1, -1);
}

/** Ticks at round frequencies (kHz), placed between the bands around them. */
export function frequencyTicks(
  centres: ArrayLike<number>,
): Pick<LayoutAxis, "tickmode" | "tickvals" | "ticktext"> {
  const kilohertz = [0.5, 1, 2, 4, 8, 16].filter((k) => 1000 * k <= centres[centres.length - 1]! * 1.02);
  return {
    tickmode: "array",
    tickvals: kilohertz.map((k) => bandAt(1000 * k, centres)),
    ticktext: kilohertz.map(String),
  };
}

/** The fractional index of a frequency (Hz) among band centres. */
export function bandAt(hz: number, centres: ArrayLike<number>): number {
  let above = 1;
  while (above < centres.length - 1 && centres[above]! < hz) above++;
  const [low, high] = [centres[above - 1]!, centres[above]!];
  return above - 1 + (hz - low) / (high - low);
}

/** Ticks of a time axis from 0: seconds, or minutes and seconds from two minutes on. */
export function timeTicks(seconds: number): Partial<LayoutAxis> {
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600].find(
    (s) => seconds / s <= 12,
  );
  const every = step ?? 3600 * Math.ceil(seconds / 3600 / 12);
  const ticks = Array.from({ length: Math.floor(seconds / every + 1e-6) + 1 }, (_, i) => i * every);
  const clock = (at: number) => `${Math.floor(at / 60)}:${String(Math.round(at % 60)).padStart(2, "0")}`;
  return {
    range: [0, seconds],
    tickmode: "array",
    tickvals: ticks,
    ticktext: ticks.map((at) => (seconds >= 120 ? clock(at) : String(rounded(at)))),
  };
}

/** The title of a time axis with `timeTicks`. */
export function timeTitle(seconds: number): string {
  return seconds >= 120 ? "time (min:s)" : "time (s)";
}

/** A colour bar beside a plot, in the style of all figures. */
export function colourBar(theme: Theme, title: string, size: { axis: number; tick: number }): object {
  return {
    title: { text: title, side: "right", font: { size: size.axis, color: theme.ink } },
    thickness: 12,
    outlinewidth: 0,
    x: 1.015,
    xpad: 0,
    ypad: 0,
    len: 1,
    ticks: "outside",
    ticklen: 4,
    tickcolor: theme.line,
    tickfont: { size: size.tick, color: theme.muted },
  };
}

/** Rounds to four decimals, more than a figure can show. */
export function rounded(value: number): number {
  return Math.round(1e4 * value) / 1e4;
}
