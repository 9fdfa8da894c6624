import * as v from "valibot";
import {
  number,
  oneOf,
  parseSettings,
  partial,
  problemsBy,
  refuse,
  type Say,
  strict,
  text,
  whole,
  yesNo,
} from "../base/schema.js";
import type { EncoderInfo } from "../encoders/types.js";
import { WINDOWS } from "./windows.js";

/** The entries of the schema of `SpectralSettings`. */
export const FEATURE_ENTRIES = {
  kind: oneOf(
    "Log-mel spectrogram in dB, mel-frequency cepstral coefficients, or mel spectrogram (powers).",
    ["logmel", "mfcc", "mel"],
  ),
  sampleRate: whole("Sampling rate; every clip is resampled to it.", 100, 768000, { unit: "Hz" }),
  nFft: whole("FFT length.", 2, 65536, { unit: "samples" }),
  winLength: whole("Window length; at most `nFft`, in which it is centred.", 1, 65536, { unit: "samples" }),
  hopLength: whole("Step from frame to frame.", 1, 2 ** 24, { unit: "samples" }),
  window: oneOf("Window function.", WINDOWS),
  center: yesNo("Frame t is centred on sample `t * hopLength`, and both ends are padded with zeros."),
  power: oneOf("Exponent of the magnitudes: 2 for power, 1 for amplitude.", [1, 2]),
  nMels: whole("Mel bands.", 1, 4096, { unit: "bands" }),
  fmin: number("Lowest edge of the mel bands; below `fmax`.", { from: 0, to: 384000, unit: "Hz" }),
  fmax: number("Highest edge of the mel bands; at most half the sampling rate.", {
    ...{ from: 1, to: 384000, unit: "Hz" },
  }),
  htk: yesNo("HTK's mel scale instead of Slaney's."),
  norm: oneOf("Every mel filter has the same area (`slaney`) or height (`none`).", ["slaney", "none"]),
  topDb: v.nullable(
    number("Log-mel and MFCC: floor below the clip's loudest value; `null` for none.", {
      ...{ from: 0, to: 1000, unit: "dB" },
    }),
  ),
  reference: v.optional(
    oneOf(
      "Log-mel: `max` puts 0 dB at the clip's loudest value, as `librosa.power_to_db(ref=np.max)`, so that the recording level does not matter; absent, 0 dB is a power of 1.",
      ["max"],
    ),
  ),
  nMfcc: whole("MFCC: coefficients, at most as many as mel bands.", 1, 4096, { unit: "coefficients" }),
  lifter: number("MFCC: cepstral liftering; 0 for none.", { from: 0, to: 1e6 }),
  deltas: oneOf("Columns appended: 1 the deltas, 2 the delta-deltas as well.", [0, 1, 2]),
  trimDb: v.nullable(
    number(
      "Silence at both ends, more than this below the loudest frame, is trimmed first; `null` keeps it.",
      { from: 0, to: 1000, unit: "dB" },
    ),
  ),
};

const spectralSchema = strict("Settings of spectral features.", FEATURE_ENTRIES);

/** The entries of the schema of `EncoderSettings`. */
export const ENCODER_ENTRIES = {
  kind: oneOf("States of a pretrained speech encoder.", ["encoder"]),
  encoder: v.pipe(
    v.string(),
    v.description("SHA-256 of the encoder's weights; for an installed or published encoder, also its name."),
    v.regex(/^[0-9a-f]{64}$/),
    v.metadata({ takes: "the 64 hexadecimal digits of an encoder" }),
  ),
  width: whole("Columns of a state; given by the encoder.", 1, 65536),
  blocks: whole("Number of blocks; given by the encoder.", 1, 256),
  layer: v.pipe(
    v.union([number("A layer.", { from: 0, to: 256, whole: true }), oneOf("All layers.", ["all"])]),
    v.description(
      "The layer that is used: 0 for the input of the first block, 1 for the output of the first block, and so on; `all` (statistics only) gives a row per layer, of which `weighted-layers` learns a weighted sum.",
    ),
  ),
  pooling: oneOf(
    "`statistics`: one row per clip, the mean and the standard deviation of every column over time; `frames`: one row every 20 ms.",
    ["statistics", "frames"],
  ),
  trimDb: FEATURE_ENTRIES.trimDb,
  silence: number("Silence appended to a clip before it goes into the encoder.", {
    ...{ from: 0, to: 10, unit: "s" },
  }),
};

const encoderSchema = strict("Settings of an encoder's features.", ENCODER_ENTRIES);

/** The entries of the schema of `TableSettings`. */
export const TABLE_ENTRIES = {
  kind: oneOf("Features computed by another program, a row per clip, in a CSV or NumPy file.", ["table"]),
  name: text("The file's name, without its folder."),
  columns: whole("Number of columns that are used.", 1, 2 ** 24),
  digest: v.pipe(
    v.string(),
    v.description("SHA-256 of the numbers that are used, independent of the order of the rows."),
    v.regex(/^[0-9a-f]{64}$/),
    v.metadata({ takes: "64 hexadecimal digits" }),
  ),
};

const tableSchema = strict("Settings of a table's features.", TABLE_ENTRIES);

export const featureSchema = v.variant("kind", [spectralSchema, encoderSchema, tableSchema]);

/** All settings of spectral features (`logmel`, `mfcc`, `mel`); {@link featureSettings} fills in defaults. */
export type SpectralSettings = v.InferOutput<typeof spectralSchema>;

/** All settings of encoder features; {@link encoderFeatures} makes them from a name, {@link encoderSettings} from facts. */
export type EncoderSettings = v.InferOutput<typeof encoderSchema>;

/** Settings of features from a table; {@link tableFeatures} makes them from its file. */
export type TableSettings = v.InferOutput<typeof tableSchema>;

/** Settings of features that are computed from audio. */
export type SoundSettings = SpectralSettings | EncoderSettings;

/** All settings that a clip's features depend on. Plain JSON: stored with every model and run. */
export type FeatureSettings = SoundSettings | TableSettings;

/** Some of the settings of spectral features; defaults are filled in. */
export const someSpectralSchema = strict("Settings of spectral features.", partial(FEATURE_ENTRIES));

/** Some of the settings of encoder features; defaults and facts about the encoder are filled in. */
export const someEncoderSchema = strict("Settings of an encoder's features.", {
  ...partial(ENCODER_ENTRIES),
  kind: ENCODER_ENTRIES.kind,
  encoder: text("Name of an encoder, or the beginning of its digest, as `ser encoder list` shows them."),
});

/** A table in a grid: named by its file, from which the rest is read. */
export const someTableSchema = strict("Settings of a table's features.", {
  ...partial(TABLE_ENTRIES),
  kind: TABLE_ENTRIES.kind,
  file: v.optional(
    text(
      "CSV (comma, semicolon or tab; a column `id` or `file`), or .npy with a list of ids beside it. The path is relative to the grid's folder, otherwise to the working directory.",
    ),
  ),
});

/**
 * Settings for speech: 64 log-mel bands up to 8 kHz from audio at 16 kHz, frames of 25 ms every 10 ms in an FFT of 512,
 * Hann window; 40 coefficients for MFCC. At another sampling rate: the same durations, bands up to at most half the rate.
 *
 * @param partial the settings that differ
 * @throws {UsageError} naming every invalid setting
 * @example
 * featureSettings().winLength; // => 400
 * featureSettings({ sampleRate: 8000 }).winLength; // => 200
 * columnsOf(featureSettings({ kind: "mfcc", deltas: 1 })); // => 80
 */
export function featureSettings(partial: Partial<SpectralSettings> = {}): SpectralSettings {
  return checked(({ sampleRate = 16000, nFft = Infinity, nMels = 64, ...given }) => {
    const { winLength = Math.min(Math.round(0.025 * sampleRate), nFft) } = given;
    return {
      kind: "logmel",
      sampleRate,
      nFft: 2 ** Math.ceil(Math.log2(winLength)),
      winLength,
      hopLength: Math.round(0.01 * sampleRate),
      fmax: Math.min(8000, sampleRate / 2),
      nMels,
      nMfcc: Math.min(40, nMels),
    };
  }, partial);
}

/**
 * librosa's defaults, for MFCC as `librosa.feature.mfcc`: 22,050 Hz, FFT and window 2048, hop 512, 128 mel bands up to half
 * the sampling rate, 20 coefficients.
 *
 * @param partial the settings that differ
 * @throws {UsageError} naming every invalid setting
 * @example
 * librosaSettings().nMfcc; // => 20
 * librosaSettings({ kind: "logmel" }).fmax; // => 11025
 */
export function librosaSettings(partial: Partial<SpectralSettings> = {}): SpectralSettings {
  return checked(
    ({ sampleRate = 22050, nFft = 2048, nMels = 128 }) => ({
      kind: "mfcc",
      sampleRate,
      nFft,
      winLength: nFft,
      hopLength: 512,
      fmax: sampleRate / 2,
      nMels,
      nMfcc: Math.min(20, nMels),
    }),
    partial,
  );
}

/**
 * Settings of encoder features. Defaults: the mean and standard deviation over time of the output of block 3, silence
 * trimmed at both ends (60 dB below the loudest frame), and for Whisper one second of silence appended. The last layers
 * of frozen encoders represent words, earlier ones the voice.
 *
 * @param encoder its digest, width, blocks and family, as `findEncoder` returns them
 * @param partial the settings that differ
 * @throws {UsageError} naming every invalid setting
 * @example
 * const encoder = { digest: "0".repeat(64), width: 512, blocks: 6, family: "whisper" } as const;
 * const settings = encoderSettings(encoder, { layer: 4 });
 * [settings.pooling, settings.trimDb, settings.silence]; // => ["statistics", 60, 1]
 */
export function encoderSettings(
  { digest, width, blocks, family }: Pick<EncoderInfo, "digest" | "width" | "blocks" | "family">,
  partial: Partial<Omit<EncoderSettings, "kind" | "encoder" | "width" | "blocks">> = {},
): EncoderSettings {
  const given = Object.fromEntries(Object.entries(partial).filter(([, value]) => value !== undefined));
  const settings: EncoderSettings = {
    ...{ kind: "encoder", encoder: digest, width, blocks, layer: Math.min(3, blocks), pooling: "statistics" },
    ...{ trimDb: 60, silence: family === "whisper" ? 1 : 0, ...given },
  };
  parseSettings(encoderSchema, settings);
  refuse(problemsBy((say) => featureRules(settings, say)));
  return settings;
}

/**
 * The number of columns of a clip's features: bands, coefficients, or the width of an encoder (twice for statistics),
 * with the deltas.
 *
 * @example columnsOf(featureSettings({ kind: "mfcc", nMfcc: 13, deltas: 2 })); // => 39
 */
export function columnsOf(settings: FeatureSettings): number {
  if (settings.kind === "table") return settings.columns;
  if (settings.kind === "encoder") return settings.width * (settings.pooling === "statistics" ? 2 : 1);
  return (settings.kind === "mfcc" ? settings.nMfcc : settings.nMels) * (1 + settings.deltas);
}

type Given = "kind" | "sampleRate" | "nFft" | "winLength" | "hopLength" | "fmax" | "nMels" | "nMfcc";

function checked(
  defaults: (given: Partial<SpectralSettings>) => Pick<SpectralSettings, Given>,
  partial: Partial<SpectralSettings>,
): SpectralSettings {
  const own = parseSettings(someSpectralSchema, partial);
  const given = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
  const settings: SpectralSettings = {
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
    ...defaults(given),
    ...given,
  };
  refuse(problemsBy((say) => featureRules(settings, say)));
  return settings;
}

/** The number of rows of a clip's features, if it does not depend on the clip's duration. */
export function fixedRows(settings: FeatureSettings): number | undefined {
  if (settings.kind === "table") return 1;
  if (settings.kind !== "encoder" || settings.pooling === "frames") return undefined;
  return settings.layer === "all" ? settings.blocks + 1 : 1;
}

/** Sampling rate of the encoders' input, Hz, and samples from one of their frames to the next. */
export const ENCODER_TIMING = { sampleRate: 16000, hopLength: 320 } as const;

/** The sampling rate that clips are resampled to, Hz, and the samples from frame to frame. */
export function timingOf(settings: SoundSettings): { sampleRate: number; hopLength: number } {
  return settings.kind === "encoder" ? ENCODER_TIMING : settings;
}

/** Checks rules between several settings. */
export function featureRules(s: FeatureSettings, say: Say): void {
  if (s.kind === "encoder") encoderRules(s, say);
  else if (s.kind !== "table") spectralRules(s, say);
}

function encoderRules({ layer, blocks, pooling }: EncoderSettings, say: Say): void {
  if (typeof layer === "number" && layer > blocks)
    say(`is ${layer}: it takes 0 to ${blocks}, or all: the encoder has ${blocks} blocks`, "layer");
  if (layer === "all" && pooling === "frames")
    say('is "all": it takes one layer for frames, since those of all layers take gigabytes', "layer");
}

function spectralRules(s: SpectralSettings, say: Say): void {
  if (s.reference !== undefined && s.kind !== "logmel")
    say(`is "${s.reference}": it applies to logmel only, not to ${s.kind}`, "reference");
  if (s.winLength > s.nFft) say(`is ${s.winLength}: it takes at most nFft, ${s.nFft} samples`, "winLength");
  if (s.kind === "mfcc" && s.nMfcc > s.nMels)
    say(`is ${s.nMfcc}: it takes at most nMels, ${s.nMels} coefficients`, "nMfcc");
  if (s.fmax > s.sampleRate / 2)
    say(`is ${s.fmax}: it takes at most half the sampling rate, ${s.sampleRate / 2} Hz`, "fmax");
  if (s.fmin > s.fmax - 1) say(`is ${s.fmin}: it takes at most fmax - 1, ${s.fmax - 1} Hz`, "fmin");
}
