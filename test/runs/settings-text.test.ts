import { expect, test } from "vitest";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { encoderSettings, featureSettings } from "../../lib/features/settings.js";
import {
  augmentationText,
  featuresName,
  featuresText,
  originText,
  trainingText,
} from "../../lib/runs/settings-text.js";
import { TRAINING } from "../../lib/training/settings.js";

test("features in words: what there is, of which part of the sound, how often", () => {
  expect(featuresText(featureSettings({ kind: "mfcc", nMfcc: 13, trimDb: 60 }))).toBe(
    "13 MFCC of 64 mel bands, 0 to 8000 Hz at 16000 Hz, frames of 25 ms every 10 ms, silence 60 dB down trimmed",
  );
  const loud = featureSettings({ kind: "logmel", sampleRate: 16000, nMels: 64, deltas: 2, reference: "max" });
  expect(featuresText(loud)).toContain("64 log-mel bands, 0 to 8000 Hz at 16000 Hz");
  expect(featuresText(loud)).toContain("deltas of both orders, 0 dB at the clip's loudest value");
});

test("training in words says what is on, and nothing of what is off", () => {
  const off = trainingText({ training: TRAINING, target: "intended" });
  expect(off).toBe(
    "100 frames; global normalisation; adamw, learning rate 0.003 (cosine, 1 warm-up); weight decay 0.01; batches of 32; at most 30 epochs, patience 10; classes balanced by weights",
  );
  const on = trainingText({
    training: {
      ...TRAINING,
      labelSmoothing: 0.1,
      mixup: 0.2,
      softLabels: true,
      curriculum: { places: 2, share: 0.5, until: 0.8 },
      refit: true,
    },
    target: "perceived",
  });
  expect(on.slice(off.length)).toBe(
    "; label smoothing 0.1; mixup 0.2; targets are the shares of the raters' votes; other corpora from 50 % of 2 times the own clips to none after 80 % of the epochs; then trained once more, all epochs, on the training and the validation part; learns the emotion most listeners heard",
  );
});

test("a size is told first, and only what is not the network's own", () => {
  const size = { filters: [16, 32], units: 64 };
  expect(trainingText({ training: { ...TRAINING, size }, target: "intended" })).toMatch(
    /^filters 16, 32; units 64; 100 frames; /,
  );
});

test("a baseline has no epochs to speak of", () => {
  const text = (model: "linear" | "majority" | "svm") =>
    trainingText({ training: { ...TRAINING, model }, target: "intended" });
  expect(text("linear")).toBe("global normalisation; penalty chosen on validation; classes balanced");
  expect(text("svm")).toBe(
    "global normalisation; RBF kernel, C and gamma chosen on validation; classes balanced",
  );
  expect(text("majority")).toBe("always the commonest class");
});

test("augmentation in words, in the order of the alphabet", () => {
  expect(augmentationText({})).toBe("none");
  expect(augmentationText({ vocalTract: 0.12, noise: [5, 20] })).toBe("noise 5 to 20, vocalTract 0.12");
});

test("weights to begin with, in words", () => {
  const sha256 = "0123456789abcdef".repeat(4);
  expect(trainingText({ training: { ...TRAINING, from: sha256 }, target: "intended" })).toContain(
    "batches of 32; begins with the trained weights 0123456789ab; at most 30 epochs",
  );
  const origin = {
    ...{ sha256, run: "ravdess-7-1-cnn-89ab", corpora: ["ravdess"], protocol: "ravdess/7@1", fold: "1" },
  };
  const words = "ravdess-7-1-cnn-89ab (0123456789ab), trained under ravdess/7@1, fold 1";
  expect(originText(origin)).toBe(words);
  expect(originText({ ...origin, refit: true })).toBe(`${words}, validation part included`);
});

test("an encoder's features in words, and as a table has them", () => {
  const digest = KNOWN_ENCODERS["whisper-base"]!.digest!;
  const base = { digest, width: 512, blocks: 6, family: "whisper" as const };
  expect(featuresText(encoderSettings(base))).toBe(
    "mean and standard deviation over time of layer 3 of the encoder whisper-base, silence 60 dB down trimmed, 1 s of silence behind",
  );
  expect(featuresName(encoderSettings(base))).toBe("whisper-base layer 3");
  expect(featuresName(encoderSettings(base, { layer: "all" }))).toBe("whisper-base all layers");
  const own = encoderSettings(
    { ...base, digest: "ab".repeat(32) },
    { pooling: "frames", trimDb: null, silence: 0.5 },
  );
  expect(featuresText(own)).toBe(
    "frames of 20 ms of layer 3 of the encoder abababababab, 0.5 s of silence behind",
  );
  expect(featuresName(own)).toBe("abababababab layer 3 frames untrimmed 0.5 s of silence");
  expect(featuresName(featureSettings({ kind: "mfcc" }))).toBe("mfcc");
});

test("a linear model that was refitted says so", () => {
  const training = { ...TRAINING, model: "linear" as const, refit: true };
  expect(trainingText({ training, target: "intended" })).toContain(
    "; then fitted once more on the training and the validation part",
  );
});

test("a table is told by its file and its numbers", () => {
  const features = { kind: "table", name: "egemaps.csv", columns: 88, digest: "ab".repeat(32) } as const;
  expect(featuresName(features)).toBe("table egemaps.csv");
  expect(featuresText(features)).toBe("88 columns of the table egemaps.csv (abababababab)");
});
