import type { Layout, PlotData } from "plotly.js";

export type ThemeName = "light" | "dark";

/**
 * A picture as data: what plotly.js draws, and how large. Making one is pure; `renderSvg`, `renderPng`,
 * `renderHtml` and `saveFigure` turn it into a file, and a notebook shows it as it is.
 */
export interface Figure {
  data: Partial<PlotData>[];
  /** `width` and `height` in CSS pixels. */
  layout: Partial<Layout> & { width: number; height: number };
}

/** What every figure can be told. */
export interface FigureOptions {
  /** The heading; each figure has its own default. */
  title?: string;
  /** A smaller line under the heading: corpus, protocol, score. */
  subtitle?: string;
  /** True when any clip behind the figure was made by the library's own voice: the figure then says so. */
  synthetic?: boolean;
  /** True when training and test share what the protocol holds apart elsewhere: the figure then says so. */
  leaky?: boolean;
  /** Default "light". */
  theme?: ThemeName;
}

/** A measured number, and the bounds of its interval where one can be given. */
export interface Estimate {
  estimate: number;
  low?: number;
  high?: number;
}
