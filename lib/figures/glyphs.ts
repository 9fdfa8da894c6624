import { readFileSync } from "node:fs";
import { fontFiles } from "./window.js";

/** Code points from `first` to `last`. */
interface Range {
  first: number;
  last: number;
}

let drawable: readonly Range[] | undefined;

/**
 * The characters of a text that the fonts of the pictures lack (DejaVu Sans: Latin, Greek, Cyrillic, Arabic, Hebrew and more, but
 * no Chinese, Japanese, Korean, Thai or script of India): a picture shows boxes in their place. Each once, in the order of the text.
 *
 * @example missingCharacters("赵-愤怒, гнев") // ["赵", "愤", "怒"]
 */
export function missingCharacters(text: string): string[] {
  drawable ??= fontFiles().flatMap((file) => rangesOf(readFileSync(file)));
  const has = (code: number) => drawable!.some(({ first, last }) => first <= code && code <= last);
  return [...new Set(text)].filter((sign) => !INVISIBLE.test(sign) && !has(sign.codePointAt(0)!));
}

/** Blanks, control characters and marks that only steer how others are drawn. */
const INVISIBLE = /[\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}]/u;

/**
 * The characters of a TrueType font, from its table `cmap` in format 12: groups of a first and a last code point and a glyph
 * (https://learn.microsoft.com/en-us/typography/opentype/spec/cmap). All fonts of {@link fontFiles} have that format.
 */
function rangesOf(font: Uint8Array): Range[] {
  const view = new DataView(font.buffer, font.byteOffset, font.byteLength);
  const records = (count: number, at: number, size: number) =>
    Array.from({ length: count }, (_, i) => at + size * i);
  const tag = (at: number) => String.fromCharCode(...font.subarray(at, at + 4));
  const table = records(view.getUint16(4), 12, 16).find((at) => tag(at) === "cmap")!;
  const cmap = view.getUint32(table + 8);
  const parts = records(view.getUint16(cmap + 2), cmap + 4, 8).map((at) => cmap + view.getUint32(at + 4));
  const groups = parts.find((at) => view.getUint16(at) === 12)!;
  return records(view.getUint32(groups + 12), groups + 16, 12).map((at) => ({
    first: view.getUint32(at),
    last: view.getUint32(at + 4),
  }));
}
