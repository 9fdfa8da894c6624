export * from "./ablation.js";
export * from "./class-counts.js";
export * from "./confusion-matrix.js";
export * from "./cross-corpus-matrix.js";
export * from "./distributions.js";
export * from "./emotion-prediction.js";
export * from "./emotion-timeline.js";
export type { Estimate, Figure, FigureOptions, ThemeName } from "./figure.js";
export * from "./learning-curves.js";
export * from "./mfcc-heatmap.js";
export * from "./noise-robustness.js";
export * from "./per-class-bars.js";
export * from "./per-speaker.js";
export * from "./projection.js";
export type { Reference } from "./reference-line.js";
export { type ReliabilityOptions, reliability as reliabilityDiagram } from "./reliability.js";
export * from "./render.js";
export * from "./risk-coverage.js";
export * from "./roc-curves.js";
export { type Envelope, envelopeOf } from "./sound.js";
export * from "./spectrogram.js";
export {
  emotionColour,
  emotionColours,
  FONT_FAMILY,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";
export * from "./waveform.js";
