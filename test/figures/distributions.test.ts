import { describe, expect, test } from "vitest";
import { distributions } from "../../lib/figures/distributions.js";
import { emotionColours } from "../../lib/figures/theme.js";

const groups = [
  { name: "anger", values: [200, 400, Number.NaN] },
  { name: "tess", values: [100] },
];

describe("distributions", () => {
  test("a violin a group, emotions in their colours, what is not finite left out", () => {
    const { data, layout } = distributions({ panels: [{ name: "length (s)", groups }] });
    expect(data.map(({ x }) => x)).toEqual([[200, 400], [100]]);
    expect(data[0]!.line!.color).toBe(emotionColours.anger);
    expect(layout.yaxis!.ticktext!.map((text) => text.replace(/<[^>]*>/g, " "))).toEqual([
      "anger  n = 2 ",
      "tess  n = 1 ",
    ]);
    expect(layout.title!.text).toBe("<b>Length</b>");
  });

  test("a logarithmic panel is drawn in octaves and marked in the unit", () => {
    const { data, layout } = distributions({ panels: [{ name: "pitch (Hz)", groups, log: true }] });
    expect((data[0]!.x as number[])[1]! - (data[0]!.x as number[])[0]!).toBeCloseTo(1, 3);
    layout.xaxis!.ticktext!.forEach((text, i) => {
      expect(2 ** (layout.xaxis!.tickvals as number[])[i]!).toBeCloseTo(Number(text), 6);
    });
  });

  test("refuses no panel, other groups, and logarithms of zero", () => {
    expect(() => distributions({ panels: [] })).toThrow(RangeError);
    expect(() =>
      distributions({
        panels: [
          { name: "a", groups },
          { name: "b", groups: [] },
        ],
      }),
    ).toThrow(/other groups/);
    const zero = [{ name: "x", values: [0] }];
    expect(() => distributions({ panels: [{ name: "a", groups: zero, log: true }] })).toThrow(/logarithm/);
  });
});
