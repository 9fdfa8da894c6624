/**
 * Scales the samples so that the largest magnitude is 10^(dbfs / 20). Silence stays silence.
 *
 * @param samples mono; not changed
 * @param dbfs the new peak, dB relative to full scale; default 0
 * @example peakNormalise(new Float32Array([0.25, -0.5])); // [0.5, -1]
 */
export function peakNormalise(samples: Float32Array, dbfs = 0): Float32Array {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]!));
  return scaled(samples, peak, dbfs);
}

/**
 * Scales the samples so that their root mean square is 10^(dbfs / 20). Silence stays silence. Peaks may go beyond
 * full scale; they are clipped only when written to a file.
 *
 * @param samples mono; not changed
 * @param dbfs the new level, dB relative to an RMS of 1; default -20
 * @example rmsNormalise(samples, -26);
 */
export function rmsNormalise(samples: Float32Array, dbfs = -20): Float32Array {
  let energy = 0;
  for (let i = 0; i < samples.length; i++) energy += samples[i]! * samples[i]!;
  return scaled(samples, Math.sqrt(energy / samples.length), dbfs);
}

function scaled(samples: Float32Array, level: number, dbfs: number): Float32Array {
  if (!(level > 0)) return samples.slice();
  const gain = 10 ** (dbfs / 20) / level;
  return samples.map((value) => value * gain);
}
