import { describe, expect, test } from "vitest";
import { renderSvg } from "../../lib/figures/render.js";
import { trainingRuns } from "../../lib/figures/training-runs.js";

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

describe("trainingRuns", () => {
  test("has a panel of loss and one of UAR for each network, with the kept epochs marked", () => {
    const { data, layout } = trainingRuns({ networks });
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
    const { layout } = trainingRuns({ networks });
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
      await renderSvg(trainingRuns({ networks: [{ name: "cnn", runs: [one] }], leaky: true })),
    ).toContain("leaky split");
  });

  test("refuses nothing at all", () => {
    expect(() => trainingRuns({ networks: [] })).toThrow(RangeError);
    expect(() => trainingRuns({ networks: [{ name: "x", runs: [{ bestEpoch: 1, epochs: [] }] }] })).toThrow(
      RangeError,
    );
  });
});
