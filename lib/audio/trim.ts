/** Options of {@link trimSilence}; the defaults are librosa's. */
export interface TrimOptions {
  /** Frames this many dB or more below the loudest frame are silent; default 60. */
  topDb?: number;
  /** Frame length in samples; default 2048. */
  frameLength?: number;
  /** Step between frames in samples; default 512. */
  hopLength?: number;
}

/** Smaller powers are raised to this one: librosa's amplitude floor of 1e-5. */
const FLOOR = 1e-10;

/**
 * Cuts leading and trailing silence by energy, as `librosa.effects.trim`: a frame, centred and padded with
 * zeros, is silent when `10 log10(power / loudest power) <= -topDb`. Since the measure is relative, a clip that is
 * silent throughout is returned whole.
 *
 * @param samples mono
 * @returns the samples from `start` to before `end`, as a view into the input
 * @throws {RangeError} when the frame length or the hop is not a positive whole number
 * @example
 * const clip = new Float32Array(16000).fill(0.5, 5120, 10240); // speech from 0.32 to 0.64 s
 * const { start, end } = trimSilence(clip);
 * [start, end]; // => [4608, 11264]
 */
export function trimSilence(
  samples: Float32Array,
  { topDb = 60, frameLength = 2048, hopLength = 512 }: TrimOptions = {},
): { samples: Float32Array; start: number; end: number } {
  for (const [name, value] of Object.entries({ frameLength, hopLength }))
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name} is ${value}, not a whole number above 0`);
  const power = framePower(samples, frameLength, hopLength);
  const loudest = power.reduce((a, b) => Math.max(a, b), FLOOR);
  const audible = (value: number) => 10 * Math.log10(Math.max(FLOOR, value) / loudest) > -topDb;
  const first = power.findIndex(audible);
  if (first < 0) return { samples: samples.subarray(0, 0), start: 0, end: 0 };
  const start = first * hopLength;
  const end = Math.min(samples.length, (power.findLastIndex(audible) + 1) * hopLength);
  return { samples: samples.subarray(start, end), start, end };
}

/** Mean square of each frame; the signal is padded with half a frame of zeros on both sides. */
function framePower(samples: Float32Array, frameLength: number, hopLength: number): Float64Array {
  if (samples.length === 0) return new Float64Array(0);
  const pad = Math.floor(frameLength / 2);
  const energy = new Float64Array(samples.length + 1);
  for (let i = 0; i < samples.length; i++) energy[i + 1] = energy[i]! + samples[i]! * samples[i]!;
  const frames = Math.max(0, 1 + Math.floor((samples.length + 2 * pad - frameLength) / hopLength));
  const upTo = (i: number) => energy[Math.min(samples.length, Math.max(0, i))]!;
  return Float64Array.from({ length: frames }, (_, frame) => {
    const from = frame * hopLength - pad;
    return (upTo(from + frameLength) - upTo(from)) / frameLength;
  });
}
