import { featureSettings, type SpectralSettings } from "./settings.js";

/**
 * The default features of training runs: 40 MFCC or 64 log-mel bands at 16 kHz, from frames of 64 ms every 30 ms, with
 * silence at both ends trimmed (60 dB). 100 frames cover three seconds, which is most of a trimmed clip.
 *
 * @example
 * RUN_FEATURES.mfcc.nMfcc; // => 40
 * RUN_FEATURES.logmel.hopLength / RUN_FEATURES.logmel.sampleRate; // => 0.03
 */
export const RUN_FEATURES: Record<"mfcc" | "logmel", SpectralSettings> = {
  mfcc: featureSettings({ kind: "mfcc", nFft: 1024, winLength: 1024, hopLength: 480, nMfcc: 40, trimDb: 60 }),
  logmel: featureSettings({
    kind: "logmel",
    nFft: 1024,
    winLength: 1024,
    hopLength: 480,
    nMels: 64,
    trimDb: 60,
  }),
};
