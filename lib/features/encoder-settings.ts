import type * as v from "valibot";
import { UsageError } from "../base/errors.js";
import { parseSettings } from "../base/schema.js";
import { outlineOf } from "../encoders/facts.js";
import { type EncoderSettings, encoderSettings, someEncoderSchema } from "./settings.js";

/**
 * The settings of an encoder's features from what is asked of it by name.
 *
 * @param asked a grid's object of kind `encoder`
 * @throws {UsageError} when the encoder is neither on this machine nor well known, saying how to get it
 * @throws {UsageError} naming every setting that makes no sense
 * @example encoderFeatures({ kind: "encoder", encoder: "whisper-base", layer: 4 })
 */
export function encoderFeatures(asked: object): EncoderSettings {
  const {
    kind: _,
    encoder,
    width,
    blocks,
    ...own
  }: v.InferOutput<typeof someEncoderSchema> = parseSettings(someEncoderSchema, asked);
  const info = outlineOf(encoder);
  for (const [key, value, there] of [
    ["width", width, info.width],
    ["blocks", blocks, info.blocks],
  ] as const)
    if (value !== undefined && value !== there)
      throw new UsageError(`${key} is ${value}: the encoder ${info.name} has ${there}`);
  return encoderSettings(info, own);
}
