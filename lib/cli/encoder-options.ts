import { UsageError } from "../base/errors.js";
import { ENCODER_ENTRIES, someEncoderSchema } from "../features/settings.js";
import { settingOption, settingsGiven } from "./options.js";

const USUAL = { "": { layer: 3, silence: 1 } };

/** The options that say what is taken of an encoder. */
export const ENCODER_OPTIONS = [
  settingOption(someEncoderSchema.entries, "encoder", {
    help: "stand on a pretrained speech encoder, of `ser encoder list`",
  }),
  settingOption(ENCODER_ENTRIES, "layer", {
    help: "of the encoder: 0 what goes into its first block, 1 the first block's output, ..., or all",
    defaults: USUAL,
  }),
  settingOption(ENCODER_ENTRIES, "pooling", {
    help: "of the encoder: mean and deviation over time, or the frames",
  }),
  settingOption(ENCODER_ENTRIES, "silence", {
    help: "behind a clip, which the encoder hears",
    defaults: { ...USUAL, "wav2vec 2.0 and HuBERT": { silence: 0 } },
  }),
];

/**
 * What was asked of an encoder, as a grid has it; `undefined` where no encoder was asked for.
 *
 * @param kind of the features, where it was given
 * @throws {UsageError} where an encoder is named and other features, or one of its options without it
 */
export function askedOfEncoder(flags: object, kind?: string): Record<string, unknown> | undefined {
  const given = settingsGiven(flags, ENCODER_OPTIONS);
  const [other] = Object.keys(given);
  if (given.encoder === undefined && kind !== "encoder") {
    if (other === undefined) return undefined;
    throw new UsageError(`--${other} is of an encoder: name one with --encoder (ser encoder list)`);
  }
  if (given.encoder === undefined)
    throw new UsageError("--kind encoder takes the name of one: --encoder whisper-base (ser encoder list)");
  if (kind !== undefined && kind !== "encoder")
    throw new UsageError(`--encoder gives features of its own: leave --kind ${kind} out`);
  return { kind: "encoder", ...given };
}
