export * from "./class-counts.js";
export * from "./colour.js";
export * from "./confusion-matrix.js";
export * from "./emotion-prediction.js";
export type { Figure, FigureOptions } from "./figure.js";
export * from "./learning-curves.js";
export * from "./per-class-bars.js";
export * from "./render.js";
export {
  emotionColour,
  emotionColours,
  FONT_FAMILY,
  plain,
  type Theme,
  type ThemeName,
  themeOf,
} from "./theme.js";
