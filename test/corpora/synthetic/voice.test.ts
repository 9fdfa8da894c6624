import { describe, expect, test } from "vitest";
import { random } from "../../../lib/base/random.js";
import { EMOTIONS } from "../../../lib/corpora/clip.js";
import { segmentsOf } from "../../../lib/corpora/synthetic/phones.js";
import { type Delivery, deliver, drawVoice, EFFECTS, speak } from "../../../lib/corpora/synthetic/voice.js";

const RATE = 16000;
const SENTENCE = segmentsOf("K IH D Z AA R T AO K IH NG B AY DH AH D AO R");
const VOICED = segmentsOf("L AA R IY W AO N Y UW AH L AE M");
const plain: Delivery = { ...EFFECTS.neutral, f0: 140, formants: 1, noise: -90 };

describe("speak", () => {
  test("is within full scale, finite, and the same for the same random stream", () => {
    for (const emotion of [...EMOTIONS, "calm" as const]) {
      const once = say(emotion, 7);
      expect(once.every((x) => Math.abs(x) <= 1)).toBe(true);
      expect(Buffer.from(say(emotion, 7).buffer).equals(Buffer.from(once.buffer))).toBe(true);
    }
  });

  test.each([90, 140, 230, 320])("has the pitch of %d Hz it was given", (f0) => {
    const vowel = { ...segmentsOf("AH")[0]!, ms: 600 };
    const samples = speak([vowel], { ...plain, f0, range: -3 }, RATE, random("pitch"));
    const measured = pitchOf(samples.subarray(5000, 7400));
    expect(Math.abs(Math.log2(measured / f0))).toBeLessThan(1.5 / 12);
  });

  test.each([
    ["IY", 270, 2290],
    ["AA", 730, 1090],
    ["UW", 300, 870],
  ])("has the formants of %s", (phone, f1, f2) => {
    const vowel = { ...segmentsOf(phone)[0]!, ms: 800 };
    const samples = speak([vowel], { ...plain, f0: 70, range: -3 }, RATE, random("formants"));
    const power = spectrumOf(samples.subarray(5000, 5000 + 6400));
    const between = [150, (f1 + f2) / 2, f2 + 350];
    expect(Math.abs(peakIn(power, between[0]!, between[1]!) - f1)).toBeLessThan(90);
    expect(Math.abs(peakIn(power, between[1]!, between[2]!) - f2)).toBeLessThan(120);
  });

  test("a shorter tract moves the formants up", () => {
    const vowel = { ...segmentsOf("AA")[0]!, ms: 800 };
    const peak = (formants: number) => {
      const samples = speak([vowel], { ...plain, f0: 70, range: -3, formants }, RATE, random("tract"));
      return peakIn(spectrumOf(samples.subarray(5000, 11400)), 400, 1050);
    };
    expect(peak(1.16) / peak(1)).toBeGreaterThan(1.08);
  });

  test("any rate gives the same time", () => {
    const lengths = [16000, 24414, 44100, 48000].map((rate) => say("fear", 3, rate).length / rate);
    for (const length of lengths) expect(length).toBeCloseTo(lengths[0]!, 3);
  });
});

describe("emotions", () => {
  const mean = (emotion: keyof typeof EFFECTS, value: (d: Delivery, samples: Float32Array) => number) => {
    let sum = 0;
    for (let i = 0; i < 12; i++) {
      const rng = random(`clip ${i}`);
      const delivery = deliver(drawVoice("female", random(`speaker ${i}`)), emotion, "strong", rng);
      sum += value(delivery, speak(VOICED, delivery, RATE, rng));
    }
    return sum / 12;
  };

  test("anger is louder than neutral, sadness softer (Scherer 2003)", () => {
    const level = (_: Delivery, samples: Float32Array) => 10 * Math.log10(meanSquare(samples));
    expect(mean("anger", level)).toBeGreaterThan(mean("neutral", level) + 2);
    expect(mean("sadness", level)).toBeLessThan(mean("neutral", level) - 2);
  });

  test("anger, fear, happiness and surprise are higher than neutral, disgust and sadness lower", () => {
    const pitch = (delivery: Delivery) => 12 * Math.log2(delivery.f0);
    const neutral = mean("neutral", pitch);
    for (const emotion of ["anger", "fear", "happiness", "surprise"] as const) {
      expect(mean(emotion, pitch)).toBeGreaterThan(neutral + 1);
    }
    for (const emotion of ["disgust", "sadness"] as const) expect(mean(emotion, pitch)).toBeLessThan(neutral);
  });

  test("anger is brighter than sadness (Juslin and Laukka 2003)", () => {
    const high = (_: Delivery, samples: Float32Array) => {
      const rough = samples.map((x, i) => x - (samples[i - 1] ?? 0));
      return 10 * Math.log10(meanSquare(rough) / meanSquare(samples));
    };
    expect(mean("anger", high)).toBeGreaterThan(mean("sadness", high) + 1);
  });

  test("sadness is slower than fear", () => {
    const seconds = (_: Delivery, samples: Float32Array) => samples.length / RATE;
    expect(mean("sadness", seconds)).toBeGreaterThan(1.1 * mean("fear", seconds));
  });

  test("strong speech departs further from neutral than normal speech", () => {
    const level = (intensity: "normal" | "strong") =>
      deliver(drawVoice("male", random("m")), "anger", intensity, random("clip")).f0;
    expect(level("strong")).toBeGreaterThan(level("normal"));
  });

  test("women speak higher than men, each speaker differently", () => {
    const voices = (sex: "female" | "male") =>
      Array.from({ length: 20 }, (_, i) => drawVoice(sex, random(i)).f0);
    expect(Math.min(...voices("female"))).toBeGreaterThan(
      1.3 * (voices("male").reduce((a, b) => a + b) / 20) * 0.8,
    );
    expect(new Set(voices("male")).size).toBe(20);
  });
});

test("an unknown phone is named", () => {
  expect(() => segmentsOf("B XX K")).toThrow(/XX/);
  expect(segmentsOf("B AE K")).toHaveLength(5);
});

function say(emotion: keyof typeof EFFECTS, seed: number, rate = RATE): Float32Array {
  const rng = random(seed);
  return speak(SENTENCE, deliver(drawVoice("male", rng), emotion, undefined, rng), rate, rng);
}

function meanSquare(samples: Float32Array): number {
  return samples.reduce((sum, x) => sum + x * x, 0) / samples.length;
}

/** Hz, where the normalised autocorrelation is largest between 60 and 400 Hz. */
function pitchOf(samples: Float32Array): number {
  let best = 0;
  let lag = 0;
  for (let k = Math.floor(RATE / 400); k <= RATE / 60; k++) {
    let product = 0;
    let energy = 1e-9;
    for (let i = k; i < samples.length; i++) {
      product += samples[i]! * samples[i - k]!;
      energy += samples[i]! ** 2 + samples[i - k]! ** 2;
    }
    // A slight preference for the shorter of two equally good periods.
    const likeness = (product / energy) * (1 - k / 4000);
    if (likeness > best) [best, lag] = [likeness, k];
  }
  return RATE / lag;
}

/** Power every 10 Hz up to 4 kHz, smoothed over the harmonics. */
function spectrumOf(samples: Float32Array): number[] {
  const power = Array.from({ length: 400 }, (_, k) => {
    let re = 0;
    let im = 0;
    for (let i = 0; i < samples.length; i++) {
      const window = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / samples.length);
      const angle = (2 * Math.PI * 10 * k * i) / RATE;
      re += window * samples[i]! * Math.cos(angle);
      im += window * samples[i]! * Math.sin(angle);
    }
    return re * re + im * im;
  });
  return power.map((_, k) => power.slice(Math.max(0, k - 5), k + 6).reduce((a, b) => a + b, 0));
}

function peakIn(power: readonly number[], low: number, high: number): number {
  let best = Math.round(low / 10);
  for (let k = best; k < high / 10; k++) if (power[k]! > power[best]!) best = k;
  return best * 10;
}
