import { describe, expect, test } from "vitest";
import type { Figure } from "../../lib/figures/figure.js";
import { learningCurves } from "../../lib/figures/learning-curves.js";
import { renderSvg } from "../../lib/figures/render.js";

const epochs = [
  { epoch: 1, trainLoss: 1.9, validationLoss: 1.8, validationUar: 0.2 },
  { epoch: 2, trainLoss: 1.5, validationLoss: 1.6, validationUar: 0.4 },
];

/** What is drawn, and what only the legend shows. */
const linesOf = (data: Figure["data"]) => data.filter(({ name }) => name === undefined);
const legendOf = (data: Figure["data"]) => data.flatMap(({ name }) => name ?? []);

const run = (bestEpoch: number) => ({
  bestEpoch,
  epochs: [1, 2, 3].map((epoch) => ({
    epoch,
    trainLoss: 2 / epoch,
    validationLoss: 1.5,
    validationUar: 0.2 * epoch,
  })),
});
const networks = ["cnn", "lstm", "bilstm", "clstm", "<b>"].map((name) => ({ name, runs: [run(2), run(3)] }));

describe("one training", () => {
  test("draws the losses, and the UAR beside them", () => {
    const { data, layout } = learningCurves({ epochs, bestEpoch: 2 });
    expect(linesOf(data).map(({ yaxis, y }) => [yaxis, y])).toEqual([
      ["y", [1.9, 1.5]],
      ["y", [1.8, 1.6]],
      ["y2", [0.2, 0.4]],
    ]);
    expect(legendOf(data)).toEqual(["training", "validation"]);
    expect(layout.shapes!.map(({ x0, xref }) => [x0, xref])).toEqual([
      [2, "x"],
      [2, "x2"],
    ]);
    expect(layout.annotations![0]!.text).toBe("kept: epoch 2");
  });

  test("has one panel where no UAR was measured", () => {
    const { data, layout } = learningCurves({ epochs: [{ epoch: 1, trainLoss: 2 }] });
    expect(linesOf(data).map(({ mode }) => mode)).toEqual(["markers"]);
    expect(legendOf(data)).toEqual(["training"]);
    expect(layout).not.toHaveProperty("xaxis2");
  });

  test("training and validation differ by more than colour", () => {
    const [train, validation] = linesOf(learningCurves({ epochs }).data);
    expect(train!.line!.dash).not.toBe(validation!.line!.dash);
  });

  test("refuses nothing at all", () => {
    expect(() => learningCurves({ epochs: [] })).toThrow(RangeError);
  });
});

describe("several networks", () => {
  test("has a panel of loss and one of UAR for each network, with the kept epochs marked", () => {
    const { data, layout } = learningCurves({ networks });
    const axes = Object.keys(layout).filter((key) => key.startsWith("yaxis"));
    expect(axes).toHaveLength(10);
    const kept = data.filter(({ mode, xaxis }) => mode === "markers" && xaxis);
    expect(kept.map(({ x, y }) => [x, y]).slice(0, 2)).toEqual([
      [[2], [0.4]],
      [[3], [0.2 * 3]],
    ]);
    expect(kept).toHaveLength(10);
    expect(layout.annotations!.map(({ text }) => text).at(-1)).toBe("<b>&lt;b&gt;</b>");
  });

  test("all panels share their scales, and none leaves the figure or overlaps another", () => {
    const { layout } = learningCurves({ networks });
    const all = layout as unknown as Record<string, { range: number[]; domain: [number, number] }>;
    const of = (start: string) => Object.keys(all).filter((key) => key.startsWith(start));
    expect(new Set(of("xaxis").map((key) => all[key]!.range.join())).size).toBe(1);
    const boxes = of("yaxis").map((key) => [all[key.replace("y", "x")]!.domain, all[key]!.domain] as const);
    for (const [i, [x, y]] of boxes.entries()) {
      for (const edge of [...x, ...y]) expect(edge >= 0 && edge <= 1).toBe(true);
      for (const [a, b] of boxes.slice(i + 1)) {
        const apart = a[0] >= x[1] || x[0] >= a[1] || b[0] >= y[1] || y[0] >= b[1];
        expect(apart).toBe(true);
      }
    }
  });

  test("is drawn, also with a single epoch", async () => {
    const one = { bestEpoch: 1, epochs: run(1).epochs.slice(0, 1) };
    expect(
      await renderSvg(learningCurves({ networks: [{ name: "cnn", runs: [one] }], leaky: true })),
    ).toContain("leaky split");
  });

  test("refuses nothing at all", () => {
    expect(() => learningCurves({ networks: [] })).toThrow(RangeError);
    expect(() => learningCurves({ networks: [{ name: "x", runs: [{ bestEpoch: 1, epochs: [] }] }] })).toThrow(
      RangeError,
    );
  });
});
