import { describe, expect, test } from "vitest";
import { learningCurves } from "../../lib/figures/learning-curves.js";

const epochs = [
  { epoch: 1, trainLoss: 1.9, validationLoss: 1.8, validationUar: 0.2 },
  { epoch: 2, trainLoss: 1.5, validationLoss: 1.6, validationUar: 0.4 },
];

describe("learningCurves", () => {
  test("draws the losses, and the UAR beside them", () => {
    const { data, layout } = learningCurves({ epochs, bestEpoch: 2 });
    expect(data.map(({ name, yaxis, y }) => [name, yaxis, y])).toEqual([
      ["training", "y", [1.9, 1.5]],
      ["validation", "y", [1.8, 1.6]],
      ["validation", "y2", [0.2, 0.4]],
    ]);
    expect(layout.shapes!.map(({ x0, xref }) => [x0, xref])).toEqual([
      [2, "x"],
      [2, "x2"],
    ]);
    expect(layout.annotations![0]!.text).toBe("kept: epoch 2");
  });

  test("has one panel where no UAR was measured", () => {
    const { data, layout } = learningCurves({ epochs: [{ epoch: 1, trainLoss: 2 }] });
    expect(data).toHaveLength(1);
    expect(layout).not.toHaveProperty("xaxis2");
    expect(data[0]!.mode).toBe("markers");
  });

  test("training and validation differ by more than colour", () => {
    const [train, validation] = learningCurves({ epochs }).data;
    expect(train!.line!.dash).not.toBe(validation!.line!.dash);
  });

  test("refuses nothing at all", () => {
    expect(() => learningCurves({ epochs: [] })).toThrow(RangeError);
  });
});
