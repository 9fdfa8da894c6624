import { featureSettings, type SpectralSettings } from "./settings.js";

/**
 * The features of a run. Frames of 64 ms every 30 ms, so that 100 of them cover three seconds, which
 * is most of a clip once the silence around the voice is gone.
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
