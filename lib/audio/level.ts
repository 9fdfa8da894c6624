/** What may be wrong with the level of a recording; each makes features of it unlike those of speech at a usual level. */
export type LevelFault =
  /** No sample reaches one step of 16 bit. */
  | { kind: "silent" }
  /** The loudest sample is below -40 dB of full scale. */
  | { kind: "faint"; level: number }
  /** The mean is not zero: more than a tenth of the RMS, and of -60 dB of full scale. */
  | { kind: "offset"; level: number }
  /** Three or more samples in a row at full scale. */
  | { kind: "clipped" };

/** In the order in which they are reported. */
export const LEVEL_KINDS: readonly LevelFault["kind"][] = ["silent", "faint", "offset", "clipped"];

/** Full scale for three samples in a row: a single one may be a true peak, three are a flattened one. */
const CLIPPED_RUN = 3;

const SILENT = 2 ** -15;
const FAINT = 0.01;
const OFFSET = 0.001;
const OFFSET_SHARE = 0.1;

/**
 * Measures the level of a recording, which may come in pieces.
 *
 * @example
 * const meter = new LevelMeter(16);
 * meter.push(samples);
 * meter.faults().map((fault) => levelText(fault));
 */
export class LevelMeter {
  readonly #fullScale: number;
  #count = 0;
  #sum = 0;
  #squares = 0;
  #peak = 0;
  #run = 0;
  #isClipped = false;

  /** @param bitsPerSample of the file: full scale is the largest number of its own width; beyond 16 bit, and for 0, that of 16 bit */
  constructor(bitsPerSample = 0) {
    this.#fullScale = 1 - 2 ** (1 - Math.min(bitsPerSample || 16, 16));
  }

  push(samples: Float32Array): void {
    for (let i = 0; i < samples.length; i++) {
      const value = samples[i]!;
      const size = Math.abs(value);
      this.#sum += value;
      this.#squares += value * value;
      if (size > this.#peak) this.#peak = size;
      this.#run = size >= this.#fullScale ? this.#run + 1 : 0;
      if (this.#run === CLIPPED_RUN) this.#isClipped = true;
    }
    this.#count += samples.length;
  }

  faults(): LevelFault[] {
    if (this.#count === 0) return [];
    if (this.#peak < SILENT) return [{ kind: "silent" }];
    const mean = this.#sum / this.#count;
    const rms = Math.sqrt(Math.max(0, this.#squares / this.#count - mean * mean));
    const faults: LevelFault[] = [];
    if (this.#peak < FAINT) faults.push({ kind: "faint", level: decibels(this.#peak) });
    if (Math.abs(mean) > Math.max(OFFSET, OFFSET_SHARE * rms))
      faults.push({ kind: "offset", level: decibels(Math.abs(mean)) });
    if (this.#isClipped) faults.push({ kind: "clipped" });
    return faults;
  }
}

function decibels(amplitude: number): number {
  return 20 * Math.log10(amplitude);
}

/** Faults of one kind in words, with their level or the range of it. */
export function levelText(...faults: readonly LevelFault[]): string {
  const { kind } = faults[0]!;
  const levels = faults.flatMap((fault) => ("level" in fault ? fault.level : []));
  switch (kind) {
    case "silent":
      return "no sound at all";
    case "faint":
      return `very low level: the loudest sample is at ${rangeText(levels)} of full scale`;
    case "offset":
      return `constant offset (DC) of ${rangeText(levels)} of full scale`;
    case "clipped":
      return "three or more samples in a row at full scale";
  }
}

/** "-12 dB", or "-20 to -12 dB". */
export function rangeText(decibels: readonly number[]): string {
  const ends = [Math.min(...decibels), Math.max(...decibels)].map(Math.round);
  return `${[...new Set(ends)].join(" to ")} dB`;
}
