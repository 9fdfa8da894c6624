import { expect, test } from "vitest";
import { missingCharacters } from "../../lib/figures/glyphs.js";

test.each([
  ["Latin", "Zoë, Łódź, Ağrı, Tiếng Việt, e\u0301"],
  ["Greek and Cyrillic", "θυμός, гнев, ґ"],
  ["Arabic, Persian and Hebrew", "غضب، خشم, כעס"],
  ["Armenian and Georgian", "բարկություն, ბრაზი"],
  ["signs", "$ % & <b> ± µ – — … “” → ✓ №"],
  ["blanks and marks that steer", "a\u00a0b\u200d\ufe0f\t\n\u3000"],
])("%s is drawn", (_, text) => {
  expect(missingCharacters(text)).toEqual([]);
});

test.each([
  ["Chinese", "赵-愤怒-赵.wav", ["赵", "愤", "怒"]],
  ["Japanese", "怒り", ["怒", "り"]],
  ["Korean, composed and as macOS writes it", "분 \u1107", ["분", "\u1107"]],
  ["Hindi", "गुस्सा", ["ग", "ु", "स", "्", "ा"]],
  ["Thai", "โกรธ", ["โ", "ก", "ร", "ธ"]],
  ["a plane of its own", "a𠀀b", ["𠀀"]],
])("%s is not", (_, text, missing) => {
  expect(missingCharacters(text)).toEqual(missing);
});
