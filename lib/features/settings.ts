import { UsageError } from "../base/errors.js";
import { WINDOWS, type WindowName } from "./windows.js";

/** Everything the numbers of a clip's features depend on. Plain JSON: it is stored with every model and run. */
export interface FeatureSettings {
  /** Log-mel spectrogram in dB, mel-frequency cepstral coefficients, or mel spectrogram (powers). */
  kind: "logmel" | "mfcc" | "mel";
  /** Hz; every clip is resampled to it. */
  sampleRate: number;
  /** FFT length, samples. */
  nFft: number;
  /** Window length, samples; at most `nFft`, in whose middle it lies. */
  winLength: number;
  /** Samples from frame to frame. */
  hopLength: number;
  window: WindowName;
  /** Frame t is centred on sample `t * hopLength`, with zeros beyond both ends. */
  center: boolean;
  /** Exponent of the magnitudes: 2 for power, 1 for amplitude. */
  power: 1 | 2;
  nMels: number;
  /** Hz. */
  fmin: number;
  /** Hz. */
  fmax: number;
  /** HTK's mel scale instead of Slaney's. */
  htk: boolean;
  /** Every filter has the same area (`slaney`) or height (`none`). */
  norm: "slaney" | "none";
  /** Log-mel and MFCC: dB under the clip's loudest value below which nothing goes; `null` for none. */
  topDb: number | null;
  /**
   * Log-mel: `max` puts 0 dB at the clip's loudest value, as `librosa.power_to_db(ref=np.max)`, so that nothing depends on how
   * loud it was recorded; absent, at a power of 1.
   */
  reference?: "max";
  /** Coefficients of an MFCC. */
  nMfcc: number;
  /** Cepstral liftering of an MFCC; 0 for none. */
  lifter: number;
  /** Appended as further columns: 1 the deltas, 2 the delta-deltas as well. */
  deltas: 0 | 1 | 2;
  /** Silence at both ends, quieter than this many dB under the loudest frame, is cut first; `null` keeps it. */
  trimDb: number | null;
}

/**
 * The workbench's settings for speech: 64 log-mel bands up to 8 kHz of audio at 16 kHz, frames of 25 ms every
 * 10 ms in an FFT of 512, Hann window. At another sampling rate the same times in samples, and bands up to half of it.
 *
 * @param partial what differs
 * @throws {UsageError} naming the setting that makes no sense
 * @example featureSettings({ kind: "mfcc", deltas: 1 })
 */
export function featureSettings(partial: Partial<FeatureSettings> = {}): FeatureSettings {
  const sampleRate = partial.sampleRate ?? 16000;
  const winLength = partial.winLength ?? Math.min(Math.round(0.025 * sampleRate), partial.nFft ?? Infinity);
  const nMels = partial.nMels ?? 64;
  return checked(
    {
      kind: "logmel",
      sampleRate,
      nFft: 2 ** Math.ceil(Math.log2(winLength)),
      winLength,
      hopLength: Math.round(0.01 * sampleRate),
      fmax: Math.min(8000, sampleRate / 2),
      nMels,
      nMfcc: Math.min(40, nMels),
    },
    partial,
  );
}

/**
 * librosa's defaults: 22,050 Hz, FFT and window 2048, hop 512, 128 mel bands up to half the sampling rate, 20 MFCC.
 *
 * @param partial what differs
 * @throws {UsageError} naming the setting that makes no sense
 * @example librosaSettings({ kind: "mfcc" })
 */
export function librosaSettings(partial: Partial<FeatureSettings> = {}): FeatureSettings {
  const sampleRate = partial.sampleRate ?? 22050;
  const nFft = partial.nFft ?? 2048;
  const nMels = partial.nMels ?? 128;
  return checked(
    {
      kind: "mfcc",
      sampleRate,
      nFft,
      winLength: nFft,
      hopLength: 512,
      fmax: sampleRate / 2,
      nMels,
      nMfcc: Math.min(20, nMels),
    },
    partial,
  );
}

/** The columns of a clip's features. */
export function columnsOf(settings: FeatureSettings): number {
  return (settings.kind === "mfcc" ? settings.nMfcc : settings.nMels) * (1 + settings.deltas);
}

type Given = "kind" | "sampleRate" | "nFft" | "winLength" | "hopLength" | "fmax" | "nMels" | "nMfcc";

function checked(defaults: Pick<FeatureSettings, Given>, partial: Partial<FeatureSettings>): FeatureSettings {
  const given = Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
  const settings: FeatureSettings = {
    window: "hann",
    center: true,
    power: 2,
    fmin: 0,
    htk: false,
    norm: "slaney",
    topDb: 80,
    lifter: 0,
    deltas: 0,
    trimDb: null,
    ...defaults,
    ...given,
  };
  check(settings);
  return settings;
}

function check(s: FeatureSettings): void {
  oneOf("kind", s.kind, ["logmel", "mfcc", "mel"]);
  oneOf("window", s.window, WINDOWS);
  oneOf("power", s.power, [1, 2]);
  oneOf("norm", s.norm, ["slaney", "none"]);
  oneOf("deltas", s.deltas, [0, 1, 2]);
  if (s.reference !== undefined) {
    oneOf("reference", s.reference, ["max"]);
    if (s.kind !== "logmel")
      throw new UsageError(`reference is max: of ${s.kind} there are no decibels to put it to`);
  }
  whole("sampleRate", s.sampleRate, 100, 768000, "Hz");
  whole("nFft", s.nFft, 2, 65536, "samples");
  whole("winLength", s.winLength, 1, s.nFft, "samples (the FFT's length)");
  whole("hopLength", s.hopLength, 1, 2 ** 24, "samples");
  whole("nMels", s.nMels, 1, 4096, "bands");
  whole("nMfcc", s.nMfcc, 1, s.kind === "mfcc" ? s.nMels : 4096, "coefficients (as many as mel bands)");
  within("fmax", s.fmax, 1, s.sampleRate / 2, "Hz (half the sampling rate)");
  within("fmin", s.fmin, 0, s.fmax - 1, "Hz (below fmax)");
  within("lifter", s.lifter, 0, 1e6, "");
  if (s.topDb !== null) within("topDb", s.topDb, 0, 1000, "dB");
  if (s.trimDb !== null) within("trimDb", s.trimDb, 0, 1000, "dB");
}

function oneOf(name: string, value: unknown, allowed: readonly unknown[]): void {
  if (!allowed.includes(value)) throw new UsageError(`${name} is ${value}: it takes ${allowed.join(", ")}`);
}

function within(name: string, value: number, low: number, high: number, unit: string): void {
  if (typeof value === "number" && value >= low && value <= high) return;
  throw new UsageError(`${name} is ${value}: it takes ${low} to ${high}${unit && ` ${unit}`}`);
}

function whole(name: string, value: number, low: number, high: number, unit: string): void {
  if (!Number.isInteger(value)) throw new UsageError(`${name} is ${value}: it takes a whole number`);
  within(name, value, low, high, unit);
}
