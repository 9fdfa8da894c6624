import { describe, expect, test } from "vitest";
import { emotionTimeline } from "../../lib/figures/emotion-timeline.js";

const certain = (emotion: string | null, start: number, end: number, anger = 0.8) => ({
  start,
  end,
  emotion,
  probabilities: { neutral: 1 - anger, anger },
});

/** Named traces of one axis. */
const on = (figure: ReturnType<typeof emotionTimeline>, yaxis: string | undefined) =>
  figure.data.filter((trace) => trace.yaxis === yaxis) as unknown as {
    name?: string;
    x: (number | null)[];
    y: (number | null)[];
    base?: number[];
    text?: string[];
    marker: { pattern?: object };
  }[];

describe("emotionTimeline", () => {
  const windows = [
    certain("anger", 0, 2),
    certain("anger", 1, 3),
    certain(null, 5, 7, 0.5),
    certain("neutral", 7, 8),
  ];
  const figure = emotionTimeline({ duration: 10, windows });

  test("neighbours of one emotion are one stretch; what was not decided is hatched", () => {
    const [decided, undecided] = on(figure, "y2");
    expect(decided).toMatchObject({ base: [0, 7], x: [3, 1], text: ["anger", "neutral"] });
    expect(undecided).toMatchObject({ base: [5], x: [2], marker: { pattern: { shape: "/" } } });
    expect(figure.data.at(-1)!.name).toBe("no decision");
  });

  test("overlapping windows part half way between their middles; silence is left out", () => {
    const [anger, neutral] = on(figure, undefined);
    expect(anger!.name).toBe("anger");
    expect(anger!.x).toEqual([0, 1.5, 1.5, 3, 3, 1.5, 1.5, 0, null, 5, 7, 7, 8, 8, 7, 7, 5]);
    expect(anger!.y.slice(9)).toEqual([0.5, 0.5, 0.8, 0.8, 0, 0, 0, 0]);
    // Stacked: neutral fills up to 100 %.
    expect(neutral!.y.slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(neutral!.y.slice(4, 8)).toEqual([0.8, 0.8, 0.8, 0.8]);
  });

  test("rows for the sound and the truth only where they are given", () => {
    expect(figure.layout.yaxis3).toBeUndefined();
    expect(figure.layout.yaxis4).toBeUndefined();
    const full = emotionTimeline({
      duration: 10,
      windows,
      envelope: { low: [-0.2, 0], high: [0.4, 0.1], seconds: 10 },
      truth: [{ start: 0, end: 9, emotion: "fear" }],
    });
    expect(on(full, "y4")[0]!.y).toEqual([1, 0.25, 0, -0.5]);
    expect(on(full, "y3")[0]).toMatchObject({ base: [0], x: [9], text: ["fear"] });
  });

  test("draws a recording without any window", () => {
    expect(emotionTimeline({ duration: 3, windows: [] }).data).toEqual([]);
  });

  test("marks minutes in a long recording", () => {
    expect(emotionTimeline({ duration: 600, windows }).layout.xaxis!.ticktext).toContain("2:00");
  });

  test("of more windows than can be seen, those of one column are averaged; silence stays", () => {
    // 9000 windows of 0.5 s, of which every third is anger, then silence.
    const many = Array.from({ length: 9000 }, (_, i) =>
      certain(i % 3 === 0 ? "anger" : "neutral", i / 2, (i + 1) / 2, i % 3 === 0 ? 0.9 : 0.3),
    );
    const [anger, neutral] = on(emotionTimeline({ duration: 9000, windows: many }), undefined);
    expect(anger!.x.length).toBeLessThan(2500);
    const tops = anger!.y.filter((y) => y !== null && y > 0);
    expect(tops.reduce<number>((sum, y) => sum + y!, 0) / tops.length).toBeCloseTo(0.5, 2);
    expect(Math.max(...neutral!.y.map(Number))).toBeCloseTo(1, 3);
    expect(Math.max(...anger!.x.map(Number))).toBeCloseTo(4500, -1);
    const [decided] = on(emotionTimeline({ duration: 9000, windows: many }), "y2");
    expect(decided!.text).toEqual(["neutral"]);
  });

  test("refuses what has no length", () => {
    expect(() => emotionTimeline({ duration: 0, windows: [] })).toThrow(RangeError);
    expect(() => emotionTimeline({ duration: 9, windows: [certain("anger", 2, 2)] })).toThrow(RangeError);
  });
});
