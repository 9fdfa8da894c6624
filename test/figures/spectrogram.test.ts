import { expect, test } from "vitest";
import { zeros } from "../../lib/base/matrix.js";
import { createExtractor } from "../../lib/features/extract.js";
import { featureSettings } from "../../lib/features/settings.js";
import { spectrogram } from "../../lib/figures/spectrogram.js";

test("a tone of 1 kHz is loudest where the axis says 1", () => {
  const settings = featureSettings({ kind: "logmel" });
  const samples = Float32Array.from({ length: settings.sampleRate }, (_, i) =>
    Math.sin((2 * Math.PI * 1000 * i) / settings.sampleRate),
  );
  const logmel = createExtractor(settings)(samples, settings.sampleRate);
  const { data, layout } = spectrogram({
    logmel,
    hopSeconds: settings.hopLength / settings.sampleRate,
    sampleRate: settings.sampleRate,
    pitch: { hz: [1000, Number.NaN], hopSeconds: 0.5 },
  });
  const middle = (data[0]!.z as number[][]).map((band) => band[Math.floor(band.length / 2)]!);
  const loudest = middle.indexOf(Math.max(...middle));
  const tick = (layout.yaxis!.tickvals as number[])[layout.yaxis!.ticktext!.indexOf("1")]!;
  expect(Math.abs(loudest - tick)).toBeLessThan(1);
  expect(data[2]!.y).toEqual([expect.closeTo(tick, 1), null]);
});

test("refuses a spectrogram without frames", () => {
  expect(() => spectrogram({ logmel: zeros(0, 40), hopSeconds: 0.01, sampleRate: 16000 })).toThrow(
    RangeError,
  );
});
