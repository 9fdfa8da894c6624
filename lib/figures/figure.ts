import type { Layout, PlotData } from "plotly.js";

/** Name of a colour theme, see {@link themeOf}. */
export type ThemeName = "light" | "dark";

/**
 * A figure as plain data: traces and layout for plotly.js, with its size. `renderSvg`, `renderPng`, `renderHtml` and
 * `saveFigure` turn it into a file; `show` displays it in a notebook.
 */
export interface Figure {
  data: Partial<PlotData>[];
  /** `width` and `height` in CSS pixels. */
  layout: Partial<Layout> & { width: number; height: number };
}

/** Options common to all figures. */
export interface FigureOptions {
  /** Title; each figure has its own default. */
  title?: string;
  /** A smaller line under the title: corpus, protocol, score. */
  subtitle?: string;
  /** True when any of the clips was synthesised by this library; the figure is then marked. */
  synthetic?: boolean;
  /** True when training and test data share what other protocols keep apart, such as speakers; the figure is then marked. */
  leaky?: boolean;
  /** Default "light". */
  theme?: ThemeName;
}

/** A measured value, with the bounds of its interval where it has one. */
export interface Estimate {
  estimate: number;
  low?: number;
  high?: number;
}
