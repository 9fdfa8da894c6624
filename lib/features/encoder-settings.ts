import type * as v from "valibot";
import { UsageError } from "../base/errors.js";
import { parseSettings } from "../base/schema.js";
import { outlineOf } from "../encoders/facts.js";
import { type EncoderSettings, encoderSettings, someEncoderSchema } from "./settings.js";

/**
 * Settings of an encoder's features, with the encoder given by name. The encoder need not be installed if it is a
 * published one; extraction needs it (`ser encoder get NAME`). Defaults are those of {@link encoderSettings}.
 *
 * @param asked `{ kind: "encoder", encoder: NAME, ... }`, as in a grid
 * @throws {UsageError} when the encoder is neither installed nor a published one, with how to get it
 * @throws {UsageError} naming every invalid setting
 * @example
 * const settings = encoderFeatures({ kind: "encoder", encoder: "whisper-base", layer: 4 });
 * [settings.width, settings.blocks, settings.layer]; // => [512, 6, 4]
 * columnsOf(settings); // => 1024
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
