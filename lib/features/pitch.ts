/** Settings of {@link pitch}. */
export interface PitchSettings {
  /** Lowest frequency, Hz; default 60. From 60 to 500 Hz covers speaking voices, shouting included. */
  fmin?: number;
  /** Highest frequency, Hz; default 500. */
  fmax?: number;
  /** Seconds between frames; default 0.01. Frame t is centred at `t * hopSeconds`. */
  hopSeconds?: number;
  /** Integration window of the difference function, seconds; default 0.025. */
  windowSeconds?: number;
  /** Aperiodicity below which the first dip gives the period and the frame is voiced; default 0.15. */
  threshold?: number;
  /** Aperiodicity below which a frame that continues a voiced neighbour is voiced; default 0.35. */
  voicing?: number;
  /** Frames more than this below the loudest frame (dB) are unvoiced; default 40. */
  silenceDb?: number;
}

/** Fundamental frequency over time. */
export interface Pitch {
  /** Hz of each frame; NaN for an unvoiced frame. */
  hz: Float32Array;
  /** Aperiodicity d' of each frame at its period: 0 for a periodic sound, about 1 for noise; 1 for silence. */
  aperiodicity: Float32Array;
  /** Seconds between frames. */
  hopSeconds: number;
}

/** Octaves between neighbouring frames from which on a doubtful frame does not continue its neighbour. */
const LEAP = 0.2;

/** Voiced stretches shorter than this many frames are discarded. */
const SHORTEST = 3;

/**
 * Fundamental frequency by YIN (de Cheveigné & Kawahara 2002, JASA 111(4), steps 1 to 5), with the difference function
 * over a window W
 *
 * d(tau) = sum_{j < W} (x[j] - x[j + tau])^2,   d'(tau) = d(tau) tau / sum_{k = 1..tau} d(k),   d'(0) = 1
 *
 * The period is the minimum of the first dip of d' below the threshold, otherwise the global minimum, refined by a
 * parabola. A frame is voiced when d' at its period is below the threshold, or below `voicing` if it continues a voiced
 * neighbour (within 0.2 octaves). Faint frames and voiced stretches of fewer than three frames are unvoiced.
 *
 * @param samples mono
 * @param sampleRate Hz, at least 4 fmax; the cost grows with its square, and 16 kHz is enough for speech
 * @returns one frame every `hopSeconds`, `floor(length / hop) + 1` in all
 * @throws {RangeError} unless 0 < fmin < fmax <= sampleRate / 4, and when hop or window is less than one sample
 * @example
 * const tone = Float32Array.from({ length: 16000 }, (_, n) => Math.sin((2 * Math.PI * 200 * n) / 16000));
 * const { hz } = pitch(tone, 16000);
 * hz.length; // => 101
 * Math.round(hz[50]); // => 200
 */
export function pitch(samples: Float32Array, sampleRate: number, settings: PitchSettings = {}): Pitch {
  const { fmin = 60, fmax = 500, hopSeconds = 0.01, windowSeconds = 0.025 } = settings;
  const { threshold = 0.15, voicing = 0.35, silenceDb = 40 } = settings;
  if (!(fmin > 0 && fmin < fmax && fmax <= sampleRate / 4))
    throw new RangeError(
      `pitch takes 0 < fmin < fmax <= ${sampleRate / 4} Hz, a quarter of the sampling rate, not ${fmin} to ${fmax} Hz`,
    );
  const hop = hopSeconds * sampleRate;
  const window = Math.round(windowSeconds * sampleRate);
  if (!(hop >= 1 && window >= 1)) throw new RangeError("hop and window must be at least one sample");
  const shortest = Math.floor(sampleRate / fmax);
  const longest = Math.ceil(sampleRate / fmin);
  const frames = Math.floor(samples.length / hop) + 1;
  const hz = new Float32Array(frames).fill(Number.NaN);
  const aperiodicity = new Float32Array(frames).fill(1);
  const powers = new Float64Array(frames);
  const piece = new Float32Array(window + longest + 1);
  const dips = new Float64Array(longest + 2);
  for (let t = 0; t < frames; t++) {
    const from = Math.round(t * hop) - Math.floor(piece.length / 2);
    for (let i = 0; i < piece.length; i++) piece[i] = samples[from + i] ?? 0;
    powers[t] = piece.reduce((sum, value) => sum + value * value, 0) / piece.length;
    if (powers[t] === 0) continue;
    normalisedDifference(piece, window, dips);
    const lag = firstDip(dips, shortest, longest, threshold);
    aperiodicity[t] = dips[lag]!;
    if (dips[lag]! < voicing) hz[t] = sampleRate / refined(dips, lag);
  }
  const clear = aperiodicity.map((value) => Number(value < threshold));
  spread(hz, clear, 1);
  spread(hz, clear, -1);
  for (let t = 0; t < frames; t++) if (!clear[t]) hz[t] = Number.NaN;
  silence(hz, powers, silenceDb);
  dropShort(hz);
  return { hz, aperiodicity, hopSeconds };
}

/** d' of every lag. */
function normalisedDifference(piece: Float32Array, window: number, out: Float64Array): void {
  out[0] = 1;
  let sum = 0;
  for (let tau = 1; tau < out.length; tau++) {
    let d = 0;
    for (let j = 0; j < window; j++) {
      const difference = piece[j]! - piece[j + tau]!;
      d += difference * difference;
    }
    sum += d;
    out[tau] = sum > 0 ? (d * tau) / sum : 1;
  }
}

/** The first local minimum below the threshold, otherwise the global minimum. */
function firstDip(dips: Float64Array, shortest: number, longest: number, threshold: number): number {
  let lowest = shortest;
  for (let tau = shortest; tau <= longest; tau++) {
    if (dips[tau]! < dips[lowest]!) lowest = tau;
    if (dips[tau]! >= threshold) continue;
    while (tau < longest && dips[tau + 1]! < dips[tau]!) tau++;
    return tau;
  }
  return lowest;
}

/** The minimum of the parabola through a lag and its neighbours. */
function refined(dips: Float64Array, tau: number): number {
  const [before, at, after] = [dips[tau - 1]!, dips[tau]!, dips[tau + 1]!];
  const bend = before - 2 * at + after;
  if (bend <= 0) return tau;
  return tau + Math.min(0.5, Math.max(-0.5, (before - after) / (2 * bend)));
}

/** A doubtful frame counts as voiced if it continues a voiced frame; otherwise it may be an overtone or noise. */
function spread(hz: Float32Array, holds: Float32Array, step: 1 | -1): void {
  for (let t = step === 1 ? 1 : hz.length - 2; t >= 0 && t < hz.length; t += step) {
    if (holds[t - step] && Math.abs(Math.log2(hz[t]! / hz[t - step]!)) < LEAP) holds[t] = 1;
  }
}

function silence(hz: Float32Array, powers: Float64Array, silenceDb: number): void {
  const least = powers.reduce((most, power) => Math.max(most, power), 0) * 10 ** (-silenceDb / 10);
  for (let t = 0; t < hz.length; t++) if (powers[t]! < least) hz[t] = Number.NaN;
}

function dropShort(hz: Float32Array): void {
  for (let from = 0; from < hz.length; from++) {
    let to = from;
    while (to < hz.length && !Number.isNaN(hz[to])) to++;
    if (to - from < SHORTEST) hz.fill(Number.NaN, from, to);
    from = to;
  }
}
