import { describe, expect, test } from "vitest";
import { noiseRobustness } from "../../lib/figures/noise-robustness.js";

describe("noiseRobustness", () => {
  const { data, layout } = noiseRobustness({
    series: [
      {
        name: "cnn",
        points: [
          { snr: -5, estimate: 0.2 },
          { snr: "clean", estimate: 0.6, low: 0.5, high: 0.65 },
          { snr: 20, estimate: 0.5 },
        ],
      },
      { name: "linear", points: [{ snr: 0, estimate: 0.3 }] },
    ],
  });

  test("levels go from clean to loud, each line at its own", () => {
    expect(layout.xaxis!.ticktext).toEqual(["clean", "20", "0", "−5"]);
    expect((data[0]!.x as number[]).map((x) => Math.abs(Math.round(x)))).toEqual([0, 1, 3]);
    expect(data[0]!.y).toEqual([0.6, 0.5, 0.2]);
    expect((data[1]!.x as number[]).map(Math.round)).toEqual([2]);
  });

  test("lines differ in dash and marker too", () => {
    expect(data[0]!.line!.dash).not.toBe(data[1]!.line!.dash);
    expect(data[0]!.marker!.symbol).not.toBe(data[1]!.marker!.symbol);
  });

  test("refuses to draw nothing", () => {
    expect(() => noiseRobustness({ series: [{ name: "cnn", points: [] }] })).toThrow(RangeError);
  });
});
