import { describe, expect, test } from "vitest";
import { classCounts } from "../../lib/figures/class-counts.js";
import { emotionColours } from "../../lib/figures/theme.js";

describe("classCounts", () => {
  const { data, layout } = classCounts({
    corpora: [
      { name: "cremad", counts: { neutral: 1087, anger: 1271, surprise: 0 } },
      { name: "own", counts: { boredom: 81, anger: 3 } },
    ],
  });

  test("one piece a class that occurs, in the order of every table", () => {
    expect(data.map(({ name, x }) => [name, x])).toEqual([
      ["anger", [1271, 3]],
      ["neutral", [1087, 0]],
      ["boredom", [0, 81]],
    ]);
    expect(data[0]!.marker!.color).toBe(emotionColours.anger);
  });

  test("writes numbers where they fit and the sum at the end", () => {
    expect(data[0]!.text).toEqual(["1271", ""]);
    expect(layout.annotations!.map(({ text }) => text)).toEqual(["<b>2358</b>", "<b>84</b>"]);
  });

  test("refuses no corpora", () => {
    expect(() => classCounts({ corpora: [] })).toThrow(RangeError);
  });
});
