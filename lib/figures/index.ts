/**
 * Figures: pure data for plotly.js, drawn as PNG, SVG or HTML without a browser.
 *
 * @module figures
 */

export { type AblationOptions, type AblationRow, ablation } from "./ablation.js";
export { type ClassCountsOptions, classCounts } from "./class-counts.js";
export type { ColourScale, Hex } from "./colour.js";
export { type ConfusionMatrixOptions, confusionMatrix } from "./confusion-matrix.js";
export { type CrossCorpusCell, type CrossCorpusOptions, crossCorpusMatrix } from "./cross-corpus-matrix.js";
export { type DistributionPanel, type DistributionsOptions, distributions } from "./distributions.js";
export {
  type EmotionPredictionOptions,
  emotionPrediction,
  type PredictionPanel,
} from "./emotion-prediction.js";
export { type EmotionTimelineOptions, emotionTimeline, type TimelineWindow } from "./emotion-timeline.js";
export type { Estimate, Figure, FigureOptions, ThemeName } from "./figure.js";
export {
  type Epoch,
  type LearningCurvesOptions,
  learningCurves,
  type TrainingRun,
} from "./learning-curves.js";
export { type MfccHeatmapOptions, mfccHeatmap } from "./mfcc-heatmap.js";
export { type NoisePoint, type NoiseRobustnessOptions, noiseRobustness } from "./noise-robustness.js";
export { type ClassMeasure, type PerClassBarsOptions, perClassBars } from "./per-class-bars.js";
export { type PerSpeakerOptions, perSpeaker, type SpeakerScore } from "./per-speaker.js";
export { type ProjectionOptions, projection } from "./projection.js";
export type { Reference } from "./reference-line.js";
export { type ReliabilityOptions, type ReliabilitySeries, reliabilityDiagram } from "./reliability.js";
export { renderHtml, renderPng, renderSvg, saveFigure } from "./render.js";
export { type RiskAndCoverage, type RiskCoverageOptions, riskCoverageCurve } from "./risk-coverage.js";
export { type RocCurvesOptions, rocCurves } from "./roc-curves.js";
export { type Envelope, envelopeOf } from "./sound.js";
export { type SpectrogramOptions, spectrogram } from "./spectrogram.js";
export { emotionColour, emotionColours, FONT_FAMILY, plain, type Theme, themeOf } from "./theme.js";
export { type WaveformOptions, waveform } from "./waveform.js";
