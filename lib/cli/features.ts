import { dirname } from "node:path";
import { type Command, Option } from "commander";
import { assertWritable } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import { encoderFeatures } from "../features/encoder-settings.js";
import {
  FEATURE_ENTRIES,
  featureSettings,
  librosaSettings,
  type SoundSettings,
  type SpectralSettings,
} from "../features/settings.js";
import { interruptSignal } from "./common.js";
import { askedOfEncoder, ENCODER_OPTIONS } from "./encoder-options.js";
import { settingOption, settingsGiven } from "./options.js";

interface FeatureFlags {
  encoder?: string;
  preset: "librosa" | "speech";
  json?: boolean;
  out?: string;
  format: "npy" | "csv" | "json";
  strict?: boolean;
}

const PRESETS = { librosa: librosaSettings(), speech: featureSettings() };
const FLAGS: Record<string, string> = {
  sampleRate: "sr",
  winLength: "win",
  hopLength: "hop",
  center: "no-center",
  trimDb: "trim",
};

/** The options of spectral features. */
const SETTINGS = Object.keys(FEATURE_ENTRIES).map((key) =>
  settingOption(FEATURE_ENTRIES, key, {
    ...(FLAGS[key] && { flag: FLAGS[key] }),
    ...(key === "center" && {
      help: "the first frame starts at the first sample instead of being centred on it",
    }),
    ...(key === "winLength" && {
      help: "window length, at most --n-fft; the window is centred in the FFT frame",
    }),
    defaults: key === "kind" ? { "": PRESETS.librosa } : key === "htk" || key === "center" ? {} : PRESETS,
  }),
);

for (const option of SETTINGS)
  if (option.path === "kind") option.choices([...(option.argChoices ?? []), "encoder"]);

/** Adds `ser features`. */
export function addFeatures(program: Command): void {
  const command = program
    .command("features")
    .description(
      "Compute features of sound files: log-mel, mel or MFCC (equal to librosa's), or an encoder's states.",
    )
    .argument("<paths...>", "sound files, folders of sound files, or patterns in quotes")
    .addOption(
      new Option("--preset <name>", "defaults of the options of spectral features below")
        .choices(["librosa", "speech"])
        .default("librosa"),
    );
  for (const option of [...SETTINGS, ...ENCODER_OPTIONS]) command.addOption(option);
  command
    .option(
      "--json",
      "print JSON: {kind, sampleRate, rows, cols, data}, where rows are frames; for several inputs a list, with path",
    )
    .option(
      "--out <path>",
      "write the features to this .npy, .csv or .json file; for several inputs, to this folder",
    )
    .addOption(
      new Option("--format <name>", "format of the files in the folder")
        .choices(["npy", "csv", "json"])
        .default("npy"),
    )
    .option("--strict", "fail at the first file that cannot be read, instead of leaving it out")
    .addHelpText(
      "after",
      `
Without --json or --out, only a summary is printed. With several files or a folder, files that
cannot be read are reported and left out; the exit code is 1 if one of them was named, or matched
a pattern. Hidden files and folders are not read.

Examples:
  ser features clip.wav
  ser features clip.wav --kind logmel --preset speech --json > clip.json
  ser features clip.wav --kind mfcc --n-mfcc 13 --deltas 2 --out clip.csv
  ser features "talks/**/*.flac" --kind logmel --out features/
  ser features data/Ravdess --preset speech --kind logmel --out features/
  ser features clip.wav --encoder whisper-base --layer 3 --pooling frames --out clip.npy`,
    )
    .action(async (paths: string[], options: FeatureFlags) => {
      if (options.encoder !== undefined && command.getOptionValueSource("preset") === "cli")
        throw new UsageError("--preset is an option of spectral features: leave it out with --encoder");
      const [{ extractSounds, findSounds }, { assertExport }] = await Promise.all([
        import("../features/files.js"),
        import("../features/export.js"),
      ]);
      const settings = settingsOf(options);
      const { files, several, missing, passedOver } = await findSounds(paths);
      if (options.strict && missing.length > 0) throw new UserError(missing.join("\n     "));
      for (const text of passedOver) process.stderr.write(`ser: ${text}\n`);
      if (options.out !== undefined) {
        if (!several) assertExport(options.out);
        await assertWritable(several ? options.out : dirname(options.out));
      }
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
      for (const error of [...missing, ...outcome.broken]) process.stderr.write(`ser: left out: ${error}\n`);
      if (outcome.count === 0 || missing.length + outcome.brokenNamed > 0) process.exitCode = 1;
    });
}

/**
 * The preset's settings, by default of MFCC, overridden by the given options; or the settings of an encoder's features.
 *
 * @throws {UsageError} for options that do not go together
 */
function settingsOf(flags: FeatureFlags): SoundSettings {
  const { kind, trimDb, ...own } = settingsGiven(flags, SETTINGS) as Partial<SpectralSettings>;
  const trim = trimDb === undefined ? {} : { trimDb };
  const asked = askedOfEncoder(flags, kind);
  if (asked) {
    // `center` is always set: commander makes it true unless --no-center is given.
    const other = SETTINGS.find(({ path }) => path in own && !(path === "center" && own.center));
    if (other)
      throw new UsageError(`${other.long} is an option of spectral features: leave it out with an encoder`);
    return encoderFeatures({ ...asked, ...trim });
  }
  const make = flags.preset === "speech" ? featureSettings : librosaSettings;
  return make({ kind: kind ?? "mfcc", ...trim, ...own });
}
