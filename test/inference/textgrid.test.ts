import { expect, test } from "vitest";
import { textGrid } from "../../lib/inference/textgrid.js";
import { decide } from "../../lib/inference/timeline.js";

/** Reads the long text format as Praat does: a tier's intervals meet and fill it. */
function read(text: string) {
  return text
    .split(/item \[\d+\]:/)
    .slice(1)
    .map((tier) => {
      const name = /name = "(.*)"/.exec(tier)![1]!;
      const size = Number(/intervals: size = (\d+)/.exec(tier)![1]);
      const intervals = [...tier.matchAll(/xmin = (\S+)\s+xmax = (\S+)\s+text = "(.*)"/g)].map(
        ([, start, end, label]) => [Number(start), Number(end), label],
      );
      expect(intervals).toHaveLength(size);
      return { name, intervals };
    });
}

test("two tiers without holes: what was heard, and how surely", () => {
  const at = (start: number, end: number, anger: number) => ({
    ...{ start, end },
    ...decide({ anger, fear: 1 - anger }, 0.6),
  });
  const text = textGrid([at(1, 2.5, 0.9), at(2.5, 3, 0.5)], 4);
  expect(text.split("\n").slice(0, 8)).toEqual([
    'File type = "ooTextFile"',
    'Object class = "TextGrid"',
    "",
    "xmin = 0",
    "xmax = 4",
    "tiers? <exists>",
    "size = 2",
    "item []:",
  ]);
  expect(read(text)).toEqual([
    {
      name: "emotion",
      intervals: [
        [0, 1, ""],
        [1, 2.5, "anger"],
        [2.5, 3, "?"],
        [3, 4, ""],
      ],
    },
    {
      name: "confidence",
      intervals: [
        [0, 1, ""],
        [1, 2.5, "0.900"],
        [2.5, 3, "0.500"],
        [3, 4, ""],
      ],
    },
  ]);
  expect(read(textGrid([], 2))[0]!.intervals).toEqual([[0, 2, ""]]);
});
