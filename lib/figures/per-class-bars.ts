import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, FONT_SIZE, legendAbove, nameAxis, percentAxis, plain, themeOf } from "./theme.js";

export interface PerClassBarsOptions extends FigureOptions {
  classes: readonly string[];
  /** In [0, 1], one a class; NaN where it is undefined (nothing predicted, or nothing true). */
  precision: readonly number[];
  recall: readonly number[];
  f1: readonly number[];
  /** Clips of each class in the truth; shown under its name. */
  support?: readonly number[];
}

const MEASURES = [
  { key: "precision", name: "precision" },
  { key: "recall", name: "recall" },
  { key: "f1", name: "F1" },
] as const;

/**
 * Precision, recall and F1 of each class as three bars, in per cent; an undefined value is "n/a".
 *
 * @throws {RangeError} when a list has not one value a class
 * @example perClassBars({ classes: ["anger", "fear"], precision: [0.8, 0.6], recall: [0.7, 0.7], f1: [0.75, 0.65] })
 */
export function perClassBars(options: PerClassBarsOptions): Figure {
  const { classes, support } = options;
  for (const values of [options.precision, options.recall, options.f1, support ?? classes]) {
    if (values.length !== classes.length)
      throw new RangeError(`there are ${classes.length} classes, but ${values.length} values`);
  }
  const theme = themeOf(options.theme);
  const margin = { left: 76, right: 30, bottom: 60 };
  const names = classes.map((name, i) => (support ? `${plain(name)}<br>n = ${support[i]}` : plain(name)));
  return {
    data: MEASURES.map(({ key, name }, i) => ({
      type: "bar",
      name,
      x: classes.map((_, place) => place),
      // An undefined value has no bar, but a place for its "n/a".
      y: options[key].map((value) => (Number.isFinite(value) ? value : 0)),
      text: options[key].map((value) => (Number.isFinite(value) ? (100 * value).toFixed(0) : "n/a")),
      textposition: "outside",
      textangle: 0,
      textfont: { size: FONT_SIZE.small, color: theme.muted },
      cliponaxis: false,
      marker: { color: theme.series[i]! },
      hovertemplate: "%{y:.1%}<extra>%{fullData.name}</extra>",
    })) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Precision, recall and F1 by class",
        width: Math.max(520, 112 * classes.length + margin.left + margin.right),
        height: 350,
        margin,
        legend: true,
      }),
      ...legendAbove(theme),
      barmode: "group",
      bargap: 0.24,
      bargroupgap: 0.08,
      xaxis: { ...nameAxis(theme, names), range: [-0.5, classes.length - 0.5] },
      // Room for the number over a bar of 100 %.
      yaxis: { ...percentAxis(theme), range: [0, 1.06] },
    },
  };
}
