import { type Command, InvalidArgumentError, Option } from "commander";
import type { FeatureSettings } from "../features/settings.js";
import { interruptSignal, numberIn } from "./common.js";

/** The options that set features, as commander gives them. */
interface FeatureOptions {
  kind: FeatureSettings["kind"];
  preset: "librosa" | "speech";
  sr?: number;
  nFft?: number;
  win?: number;
  hop?: number;
  window?: FeatureSettings["window"];
  center: boolean;
  power?: number;
  nMels?: number;
  fmin?: number;
  fmax?: number;
  htk?: boolean;
  norm?: FeatureSettings["norm"];
  topDb?: number | "none";
  reference?: "max";
  nMfcc?: number;
  lifter?: number;
  deltas?: number;
  trim?: number;
  json?: boolean;
  out?: string;
  format: "npy" | "csv" | "json";
  strict?: boolean;
}

/** Adds `ser features`. */
export function addFeatures(program: Command): void {
  const whole = (low: number, high?: number) => numberIn(low, high, true);
  program
    .command("features")
    .description("Compute features of sound files: log-mel or mel spectrogram, or MFCC, equal to librosa's.")
    .argument("<paths...>", "sound files, or folders of them")
    .addOption(
      new Option("--kind <kind>", "what to compute").choices(["mfcc", "logmel", "mel"]).default("mfcc"),
    )
    .addOption(
      new Option("--preset <name>", "defaults of all options below")
        .choices(["librosa", "speech"])
        .default("librosa"),
    )
    .option("--sr <hz>", "sampling rate to resample to (librosa 22050, speech 16000)", whole(100, 768000))
    .option("--n-fft <samples>", "FFT length (librosa 2048, speech 512)", whole(2, 65536))
    .option("--win <samples>", "window length (librosa: the FFT's, speech 25 ms)", whole(1))
    .option("--hop <samples>", "samples from frame to frame (librosa 512, speech 10 ms)", whole(1))
    .addOption(
      new Option("--window <name>", "window (hann)").choices([
        "hann",
        "hamming",
        "blackman",
        "bartlett",
        "boxcar",
        "ones",
      ]),
    )
    .option("--no-center", "the first frame starts at the first sample instead of being centred on it")
    .option("--power <exponent>", "1 for amplitudes, 2 for powers (2)", whole(1, 2))
    .option("--n-mels <bands>", "mel bands (librosa 128, speech 64)", whole(1))
    .option("--fmin <hz>", "lowest edge of the bands (0)", numberIn(0))
    .option("--fmax <hz>", "highest edge of the bands (half the sampling rate)", numberIn(1))
    .option("--htk", "HTK's mel scale instead of Slaney's")
    .addOption(new Option("--norm <norm>", "norm of the mel filters (slaney)").choices(["slaney", "none"]))
    .option("--top-db <db>", 'clip so far under the loudest value, or "none" (80)', decibelsOrNone)
    .addOption(
      new Option(
        "--reference <value>",
        "of logmel: 0 dB at the loudest value instead of a power of 1",
      ).choices(["max"]),
    )
    .option("--n-mfcc <count>", "coefficients (librosa 20, speech 40)", whole(1))
    .option("--lifter <n>", "cepstral liftering (0)", numberIn(0))
    .option("--deltas <order>", "append deltas (1), and delta-deltas (2) (0)", whole(0, 2))
    .option("--trim <db>", "first cut silence so far under the loudest frame", numberIn(0))
    .option(
      "--json",
      "print {kind, sampleRate, rows, cols, data}; rows are frames (several inputs: a list, with path)",
    )
    .option("--out <path>", "write to this .npy, .csv or .json file; for several inputs, to this folder")
    .addOption(
      new Option("--format <name>", "of the files in a folder")
        .choices(["npy", "csv", "json"])
        .default("npy"),
    )
    .option("--strict", "fail when any file cannot be read")
    .addHelpText(
      "after",
      `
With several files or a folder, files that cannot be read are reported and left out.

Examples:
  ser features clip.wav
  ser features clip.wav --kind logmel --preset speech --json > clip.json
  ser features clip.wav --kind mfcc --n-mfcc 13 --deltas 2 --out clip.csv
  ser features data/Ravdess --preset speech --kind logmel --out features/`,
    )
    .action(async (paths: string[], options: FeatureOptions) => {
      const { extractSounds, findSounds } = await import("../features/files.js");
      const settings = await settingsOf(options);
      const { files, several } = await findSounds(paths);
      const outcome = await extractSounds(files, settings, {
        out: options.out,
        folder: several ? options.format : undefined,
        keep: options.json,
        strict: options.strict || !several,
        signal: interruptSignal(),
      });
      const json = several ? outcome.json : outcome.json.map(({ path: _, ...features }) => features)[0];
      if (options.json) process.stdout.write(`${JSON.stringify(json)}\n`);
      else process.stdout.write(`${outcome.summary}\n`);
      for (const error of outcome.broken) process.stderr.write(`ser: left out: ${error}\n`);
      if (outcome.count === 0) process.exitCode = 1;
    });
}

async function settingsOf(options: FeatureOptions): Promise<FeatureSettings> {
  const { featureSettings, librosaSettings } = await import("../features/settings.js");
  const make = options.preset === "speech" ? featureSettings : librosaSettings;
  return make({
    kind: options.kind,
    sampleRate: options.sr,
    nFft: options.nFft,
    winLength: options.win,
    hopLength: options.hop,
    window: options.window,
    center: options.center,
    power: options.power as 1 | 2 | undefined,
    nMels: options.nMels,
    fmin: options.fmin,
    fmax: options.fmax,
    htk: options.htk,
    norm: options.norm,
    topDb: options.topDb === "none" ? null : options.topDb,
    reference: options.reference,
    nMfcc: options.nMfcc,
    lifter: options.lifter,
    deltas: options.deltas as 0 | 1 | 2 | undefined,
    trimDb: options.trim,
  });
}

function decibelsOrNone(text: string): number | "none" {
  if (text === "none") return text;
  try {
    return numberIn(0, 1000)(text);
  } catch {
    throw new InvalidArgumentError('It takes a number of decibels from 0 to 1000, or "none".');
  }
}
