import { describe, expect, test } from "vitest";
import { readAudio } from "../../lib/audio/read.js";
import { random } from "../../lib/base/random.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { speechless, VoiceDetector } from "../../lib/inference/voice.js";
import { needs } from "../needs.js";
import { buzz, joined, whiteNoise } from "./example.js";

/** White noise through one-pole low-passes: its power falls by 10 (pink, Kellet's filter) or 20 dB (brown) a decade. */
function coloured(seconds: number, rate: number, colour: "pink" | "brown"): Float32Array {
  const rng = random(colour);
  let [a, b, c, brown] = [0, 0, 0, 0];
  return Float32Array.from({ length: seconds * rate }, () => {
    const white = rng.normal();
    a = 0.99765 * a + 0.099046 * white;
    b = 0.963 * b + 0.2965164 * white;
    c = 0.57 * c + 1.0526913 * white;
    brown = 0.995 * brown + 0.02 * white;
    return colour === "pink" ? 0.05 * (a + b + c + 0.1848 * white) : brown;
  });
}

const RATES = [8000, 16_000, 24_414, 44_100, 192_000];

describe("voice is told from silence and noise at any rate", () => {
  for (const rate of RATES) {
    test(`${rate} Hz`, () => {
      expect(speechless(new Float32Array(rate), rate)).toBe("silence");
      expect(speechless(whiteNoise(3, rate, 1), rate)).toBe("noise");
      expect(speechless(coloured(3, rate, "pink"), rate)).toBe("noise");
      expect(speechless(coloured(3, rate, "brown"), rate)).toBe("noise");
      for (const pitch of [80, 120, 250, 390])
        expect(speechless(joined(whiteNoise(1, rate, 0.01), buzz(0.3, rate, pitch)), rate)).toBeUndefined();
    });
  }
});

test("a frame's level is its power in dB, and frames follow each other every 20 ms", () => {
  const sine = Float32Array.from({ length: 8000 }, (_, n) => Math.sin((2 * Math.PI * 200 * n) / 8000));
  const frames = new VoiceDetector(8000).push(sine);
  expect(frames).toHaveLength(49);
  expect(frames[3]).toMatchObject({ start: 480, end: 800, voiced: true });
  for (const { level } of frames) expect(level).toBeCloseTo(10 * Math.log10(0.5), 6);
});

test("frames do not depend on how the sound is cut", () => {
  const samples = joined(whiteNoise(0.3, 24_414), buzz(0.5, 24_414), new Float32Array(1000));
  const whole = new VoiceDetector(24_414).push(samples);
  for (const size of [1, 7, 500]) {
    const detector = new VoiceDetector(24_414);
    const frames = [];
    for (let at = 0; at < samples.length; at += size)
      frames.push(...detector.push(samples.subarray(at, at + size)));
    expect(frames).toEqual(whole);
  }
});

test("of 500 real clips fewer than 1 % are taken for silence or noise", needs("corpora"), async () => {
  const clips = random("voice")
    .shuffle(await loadClips(process.env.SER_DATA!, { calm: "keep" }))
    .slice(0, 500);
  let alarms = 0;
  for (const { path } of clips) {
    const { samples, sampleRate } = await readAudio(path);
    if (speechless(samples, sampleRate)) alarms++;
  }
  expect(clips).toHaveLength(500);
  expect(alarms).toBeLessThan(5);
});
