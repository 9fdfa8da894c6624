import { describe, expect, test } from "vitest";
import { random } from "../../lib/base/random.js";
import { emotionPrediction, type PredictionPanel } from "../../lib/figures/emotion-prediction.js";
import { emotionColours, themeOf } from "../../lib/figures/theme.js";

/** A clip of a gliding tone, its spectrogram a ridge in noise; seeded. */
function exampleClip(given: Partial<PredictionPanel> = {}): PredictionPanel {
  const rng = random("figures");
  const [sampleRate, seconds, rows, cols] = [8000, 1.2, 121, 40];
  const samples = Float32Array.from({ length: sampleRate * seconds }, (_, i) => {
    const t = i / sampleRate;
    return 0.4 * Math.sin(Math.PI * (t / seconds)) * Math.sin(2 * Math.PI * (200 + 300 * t) * t);
  });
  const data = Float32Array.from({ length: rows * cols }, (_, i) => {
    const [frame, band] = [Math.floor(i / cols), i % cols];
    return -50 + 45 * Math.exp(-(((band - 8 - frame / 6) / 3) ** 2)) + 2 * rng.normal();
  });
  return {
    id: "tess/OAF_back_angry",
    samples,
    sampleRate,
    logmel: { data, rows, cols },
    hopSeconds: 0.01,
    truth: "anger",
    predicted: "anger",
    probabilities: {
      anger: 0.61,
      disgust: 0.14,
      fear: 0.02,
      happiness: 0.1,
      sadness: 0,
      surprise: 0.08,
      neutral: 0.05,
    },
    ...given,
  };
}

const texts = (figure: ReturnType<typeof emotionPrediction>) =>
  figure.layout.annotations!.map(({ text }) => text!.replace(/<[^>]*>/g, ""));

describe("emotionPrediction", () => {
  test("tells right from wrong by mark, dash and colour", () => {
    const figure = emotionPrediction({
      clips: [
        exampleClip(),
        exampleClip({ predicted: "fear" }),
        exampleClip({ predicted: null }),
        exampleClip({ truth: undefined }),
      ],
    });
    expect(texts(figure).filter((_, i) => i % 3 < 2)).toEqual([
      ...["✓ anger", "true: anger"],
      ...["✗ fear", "true: anger"],
      ...["no decision", "true: anger"],
      ...["anger", ""],
    ]);
    expect(figure.layout.shapes!.map(({ line }) => line!.dash)).toEqual(["solid", "dash", "solid", "solid"]);
    const { right, wrong, line } = themeOf();
    expect(figure.layout.shapes!.map(({ line }) => line!.color)).toEqual([right, wrong, line, line]);
  });

  test("shows each class's probability in its colour", () => {
    const bars = emotionPrediction({ clips: [exampleClip()] }).data[2]!;
    expect(bars.x).toEqual([0.61, 0.14, 0.02, 0.1, 0, 0.08, 0.05]);
    expect(bars.text).toEqual(["61 %", "14 %", "2 %", "10 %", "0 %", "8 %", "5 %"]);
    expect((bars.marker!.color as string[])[3]).toBe(emotionColours.happiness);
  });

  test("times and frequencies are those of the clip", () => {
    const figure = emotionPrediction({
      clips: [exampleClip({ bandHz: [500, 1000, 3000], ...threeBands() })],
    });
    expect(figure.layout.xaxis2!.range).toEqual([0, 1.2]);
    expect(figure.layout.yaxis2!.ticktext).toEqual(["0.5", "1", "2"]);
    expect(figure.layout.yaxis2!.tickvals).toEqual([0, 1, 1.5]);
  });

  test("a long clip is no larger than a picture can show", () => {
    const rows = 20_000;
    const long = exampleClip({
      samples: new Float32Array(3_200_000).fill(0.1),
      sampleRate: 16_000,
      logmel: { data: new Float32Array(rows * 8), rows, cols: 8 },
    });
    const [wave, mel] = emotionPrediction({ clips: [long] }).data;
    expect((wave!.x as number[]).length).toBeLessThan(1000);
    expect((mel!.z as number[][])[0]!.length).toBeLessThan(500);
    expect((mel!.x0 as number) + (mel!.dx as number) * 419.5).toBeCloseTo(200, 0);
  });

  test("silence and very short clips are drawn", () => {
    const { data } = emotionPrediction({
      clips: [
        exampleClip({
          samples: new Float32Array(3),
          logmel: { data: new Float32Array(40), rows: 1, cols: 40 },
        }),
      ],
    });
    expect((data[0]!.y as number[]).every(Number.isFinite)).toBe(true);
  });

  test("panels do not overlap, and lie inside the picture", () => {
    const { layout } = emotionPrediction({ clips: Array.from({ length: 9 }, () => exampleClip()) });
    const boxes = layout.shapes! as { x0: number; x1: number; y0: number; y1: number }[];
    for (const [i, a] of boxes.entries()) {
      expect(Math.min(a.x0, a.y0)).toBeGreaterThanOrEqual(0);
      expect(Math.max(a.x1, a.y1)).toBeLessThanOrEqual(1);
      for (const b of boxes.slice(0, i))
        expect(a.x0 >= b.x1 || b.x0 >= a.x1 || a.y0 >= b.y1 || b.y0 >= a.y1).toBe(true);
    }
  });

  test("refuses none, ten, and a clip without frames", () => {
    expect(() => emotionPrediction({ clips: [] })).toThrow(RangeError);
    expect(() => emotionPrediction({ clips: Array.from({ length: 10 }, () => exampleClip()) })).toThrow(
      RangeError,
    );
    const empty = exampleClip({ logmel: { data: new Float32Array(0), rows: 0, cols: 40 } });
    expect(() => emotionPrediction({ clips: [empty] })).toThrow(/no frames/);
  });
});

function threeBands() {
  return { logmel: { data: new Float32Array(363), rows: 121, cols: 3 } };
}
