import type { Matrix } from "../base/matrix.js";
import { percent } from "../base/text.js";
import type { Figure, FigureOptions } from "./figure.js";
import { axis, baseLayout, classOrder, emotionColour, legendAbove, plain, themeOf } from "./theme.js";

/** Options of {@link projection}. */
export interface ProjectionOptions extends FigureOptions {
  /** Rows = clips; the first two columns are drawn. */
  points: Matrix;
  /** Class of each clip. */
  labels: readonly string[];
  /** Id of each clip, for the hover text of a page. */
  ids?: readonly string[];
  /** Share of the variance that each column explains, in [0, 1], as `pca` returns it. */
  explained?: ArrayLike<number>;
  /** Name of a column in the axis titles; default "principal component". */
  component?: string;
}

/** Symbols of the classes, in their order, so that they differ in more than colour. */
const SYMBOLS = [
  "circle",
  "square",
  "diamond",
  "triangle-up",
  "triangle-down",
  "cross",
  "x",
  "star",
] as const;

/**
 * Scatter plot of clips, such as the first two principal components of their features: a small marker per clip, and a
 * large one with a rim at the mean of each class. Both axes have the same scale, so distances are comparable.
 *
 * @throws {RangeError} when there are no points, fewer than two columns, or not one label per point
 * @example
 * const clips = (await loadClips("data", { names: ["savee"] })).slice(0, 20);
 * const extract = createExtractor(featureSettings({ kind: "mfcc", nMfcc: 13 }));
 * const sounds = await Promise.all(clips.map(({ path }) => readAudio(path)));
 * const rows = sounds.map(({ samples, sampleRate }) => clipStatistics(extract(samples, sampleRate)));
 * const { scores, explained } = pca(fromRows(rows), 2);
 * const figure = projection({ points: scores, labels: clips.map(({ emotion }) => emotion), explained });
 */
export function projection(options: ProjectionOptions): Figure {
  const { points, labels, ids, explained, component = "principal component" } = options;
  if (points.rows === 0 || points.cols < 2)
    throw new RangeError("a projection needs points of two or more columns");
  if (labels.length !== points.rows)
    throw new RangeError(`${points.rows} points, but ${labels.length} labels`);
  const theme = themeOf(options.theme);
  const [xs, ys] = [column(points, 0), column(points, 1)];
  const classes = classOrder(labels);
  const margin = { left: 76, right: 30, bottom: 66 };
  const inner = 720;
  const { x, y, height } = frame(xs, ys, inner);
  const title = (col: number) =>
    `${["1st", "2nd"][col]} ${plain(component)}${explained ? ` (${percent(explained[col]!)} % of variance)` : ""}`;
  const marks = classes.map((name, c) => {
    const own = labels.flatMap((label, i) => (label === name ? [i] : []));
    return {
      name: plain(name),
      own,
      marker: { color: emotionColour(name, theme), symbol: SYMBOLS[c % SYMBOLS.length]! },
    };
  });
  const mean = (values: readonly number[], own: readonly number[]) =>
    rounded(own.reduce((sum, i) => sum + values[i]!, 0) / own.length);
  return {
    data: [
      ...marks.map(({ name, own, marker }) => ({
        type: "scatter" as const,
        mode: "markers" as const,
        name,
        x: own.map((i) => rounded(xs[i]!)),
        y: own.map((i) => rounded(ys[i]!)),
        text: own.map((i) => plain(ids?.[i] ?? "")),
        marker: { ...marker, size: labels.length > 1000 ? 4 : 6, opacity: 0.75 },
        showlegend: false,
        hovertemplate: "%{text}<extra>%{fullData.name}</extra>",
      })),
      ...marks.map(({ name, own, marker }) => ({
        type: "scatter" as const,
        mode: "markers" as const,
        name,
        x: [mean(xs, own)],
        y: [mean(ys, own)],
        marker: { ...marker, size: 15, line: { color: theme.background, width: 2.5 } },
        hovertemplate: "mean<extra>%{fullData.name}</extra>",
      })),
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Feature space",
        width: inner + margin.left + margin.right,
        height: height + margin.bottom,
        margin,
        legend: true,
      }),
      ...legendAbove(theme),
      xaxis: { ...axis(theme, title(0)), automargin: false, range: x },
      yaxis: { ...axis(theme, title(1)), automargin: false, range: y },
    },
  };
}

function column({ data, rows, cols }: Matrix, col: number): number[] {
  return Array.from({ length: rows }, (_, i) => data[i * cols + col]!);
}

/** Ranges on one scale that contain all points, and the plot's height for its width; neither too flat nor too tall. */
function frame(xs: readonly number[], ys: readonly number[], width: number) {
  const span = (values: readonly number[]) => {
    const low = values.reduce((a, b) => Math.min(a, b));
    const high = values.reduce((a, b) => Math.max(a, b));
    return { middle: (low + high) / 2, size: 1.08 * (high - low) };
  };
  const [x, y] = [span(xs), span(ys)];
  const wide = Math.max(x.size, y.size / 0.9) || 1;
  const tall = Math.max(y.size, 0.5 * wide);
  return {
    x: [x.middle - wide / 2, x.middle + wide / 2],
    y: [y.middle - tall / 2, y.middle + tall / 2],
    height: Math.round((width * tall) / wide),
  };
}

/** To four significant digits. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
