import { expect, test } from "vitest";
import { waveform } from "../../lib/figures/waveform.js";

test("a waveform keeps its amplitudes and its length", () => {
  const samples = Float32Array.from({ length: 16000 }, (_, i) => 0.5 * Math.sin(i / 20));
  const { data, layout } = waveform({ samples, sampleRate: 8000 });
  expect(Math.max(...(data[0]!.y as number[]))).toBeCloseTo(0.5, 3);
  expect(layout.xaxis!.range).toEqual([0, 2]);
  expect(() => waveform({ samples: new Float32Array(0), sampleRate: 8000 })).toThrow(RangeError);
});
