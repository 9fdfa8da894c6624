import { UsageError } from "../base/errors.js";
import { ENCODER_ENTRIES, someEncoderSchema } from "../features/settings.js";
import { settingOption, settingsGiven } from "./options.js";

const USUAL = { "": { layer: 3, silence: 1, pooling: "statistics" } };

/**
 * The options of an encoder's features.
 *
 * @param others further defaults of `layer` and `pooling`, by the name that the help shows before them
 */
export const encoderOptions = (others: Record<string, object> = {}) => [
  settingOption(someEncoderSchema.entries, "encoder", {
    help: "take the features from this pretrained speech encoder; `ser encoder list` shows those on this computer",
  }),
  settingOption(ENCODER_ENTRIES, "layer", {
    help: "layer of the encoder: 0 is the input of its first block, 1 the first block's output, ..., or all",
    defaults: { ...USUAL, ...others },
  }),
  settingOption(ENCODER_ENTRIES, "pooling", {
    help: "the encoder's output: its mean and standard deviation over time, or its frames, one every 20 ms",
    defaults: { ...USUAL, ...others },
  }),
  settingOption(ENCODER_ENTRIES, "silence", {
    help: "silence that is added to the end of a clip before encoding",
    defaults: { ...USUAL, "wav2vec 2.0 and HuBERT": { silence: 0 } },
  }),
];

/** The options of an encoder's features in {@link askedOfEncoder}. */
export const ENCODER_OPTIONS = encoderOptions();

/**
 * The encoder's features that were asked for, as a grid has them; `undefined` where no encoder was asked for.
 *
 * @param kind the kind of features, where it was given
 * @throws {UsageError} for an encoder together with other features, and for its options without an encoder
 */
export function askedOfEncoder(flags: object, kind?: string): Record<string, unknown> | undefined {
  const given = settingsGiven(flags, ENCODER_OPTIONS);
  const [other] = Object.keys(given);
  if (given.encoder === undefined && kind !== "encoder") {
    if (other === undefined) return undefined;
    throw new UsageError(`--${other} is an option of encoders: name one with --encoder (ser encoder list)`);
  }
  if (given.encoder === undefined)
    throw new UsageError(
      "--kind encoder needs the name of an encoder, such as --encoder whisper-base (ser encoder list)",
    );
  if (kind !== undefined && kind !== "encoder")
    throw new UsageError(`--encoder has features of its own: leave --kind ${kind} out`);
  return { kind: "encoder", ...given };
}
