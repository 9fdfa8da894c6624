import { describe, expect, test } from "vitest";
import { perClassBars } from "../../lib/figures/per-class-bars.js";

const values = { precision: [0.8, 0], recall: [0.7, 0], f1: [0.746, Number.NaN] };

describe("perClassBars", () => {
  test('three bars a class, an undefined one "n/a"', () => {
    const { data, layout } = perClassBars({ classes: ["anger", "fear"], ...values, support: [10, 4] });
    expect(data.map(({ name, y, text }) => [name, y, text])).toEqual([
      ["precision", [0.8, 0], ["80", "0"]],
      ["recall", [0.7, 0], ["70", "0"]],
      ["F1", [0.746, 0], ["75", "n/a"]],
    ]);
    expect(layout.xaxis!.ticktext).toEqual(["anger<br>n = 10", "fear<br>n = 4"]);
  });

  test("intervals as whiskers, their numbers at the foot of the bars", () => {
    const intervals = { recall: [{ low: 0.6, high: 0.9 }, null] };
    const [precision, recall] = perClassBars({ classes: ["anger", "fear"], ...values, intervals }).data;
    expect(recall!.error_y).toMatchObject({
      array: [expect.closeTo(0.2, 12), 0],
      arrayminus: [expect.closeTo(0.1, 12), 0],
    });
    expect([precision!.textposition, recall!.textposition]).toEqual(["outside", "inside"]);
  });

  test("refuses lists of another length", () => {
    expect(() => perClassBars({ classes: ["anger"], ...values })).toThrow(RangeError);
  });
});
