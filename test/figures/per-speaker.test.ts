import { describe, expect, test } from "vitest";
import { perSpeaker } from "../../lib/figures/per-speaker.js";

const speakers = [
  { speaker: "01", group: "ravdess", sex: "male", values: [0.5, 0.7] },
  { speaker: "02", group: "ravdess", sex: "female", values: [0.4, 0.4] },
  { speaker: "KL", group: "savee", sex: "male", values: [0.3, 0.3] },
];

describe("perSpeaker", () => {
  const { data, layout } = perSpeaker({ speakers });

  test("from worst to best within a group, a place free between groups", () => {
    expect(layout.xaxis!.ticktext).toEqual(["02", "01", "KL"]);
    expect(layout.xaxis!.tickvals).toEqual([0, 1, 3]);
  });

  test("a dot at the mean over seeds, whiskers to the extremes, sexes apart in colour and form", () => {
    const [female, male] = data as unknown as {
      name: string;
      y: number[];
      marker: { color: string; symbol: string };
      error_y: { array: number[] };
    }[];
    expect([female!.name, male!.name]).toEqual(["female", "male"]);
    expect(male!.y).toEqual([0.6, 0.3]);
    expect(male!.error_y.array[0]).toBeCloseTo(0.1, 12);
    expect(male!.marker.color).not.toBe(female!.marker.color);
    expect(male!.marker.symbol).not.toBe(female!.marker.symbol);
  });

  test("a line at each group's mean", () => {
    expect(layout.shapes!.map(({ y0 }) => y0)).toEqual([0.5, 0.3]);
  });

  test("refuses nobody, and a speaker without values", () => {
    expect(() => perSpeaker({ speakers: [] })).toThrow(RangeError);
    expect(() => perSpeaker({ speakers: [{ speaker: "x", values: [] }] })).toThrow(/x has no values/);
  });
});
