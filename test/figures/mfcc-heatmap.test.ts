import { expect, test } from "vitest";
import { fromRows, zeros } from "../../lib/base/matrix.js";
import { mfccHeatmap } from "../../lib/figures/mfcc-heatmap.js";

test("each coefficient in its own standard deviations, a constant one at 0", () => {
  const { data, layout } = mfccHeatmap({
    mfcc: fromRows([
      [-300, 4, 7],
      [-100, 2, 7],
    ]),
    hopSeconds: 0.01,
  });
  expect(data[0]!.z).toEqual([
    [-1, 1],
    [1, -1],
    [0, 0],
  ]);
  expect(layout.yaxis!.range).toEqual([-0.5, 2.5]);
  expect(() => mfccHeatmap({ mfcc: zeros(0, 13), hopSeconds: 0.01 })).toThrow(RangeError);
});
