import type { Estimate, Figure, FigureOptions } from "./figure.js";
import {
  baseLayout,
  FONT_SIZE,
  legendAbove,
  nameAxis,
  percentAxis,
  plain,
  type Theme,
  themeOf,
  whiskers,
} from "./theme.js";

/** Options of {@link perClassBars}. */
export interface PerClassBarsOptions extends FigureOptions {
  classes: readonly string[];
  /** In [0, 1], one value per class; NaN where undefined (no clip predicted as the class, or none of it). */
  precision: readonly number[];
  recall: readonly number[];
  f1: readonly number[];
  /** Bounds of the values, one pair per class, drawn as whiskers; `null` for none. */
  intervals?: Partial<Record<ClassMeasure, readonly ({ low: number; high: number } | null)[]>>;
  /** Number of clips of each true class; shown under its name. */
  support?: readonly number[];
}

/** A measure of one class. */
export type ClassMeasure = "precision" | "recall" | "f1";

const MEASURES = [
  { key: "precision", name: "precision" },
  { key: "recall", name: "recall" },
  { key: "f1", name: "F1" },
] as const satisfies readonly { key: ClassMeasure; name: string }[];

/**
 * Precision, recall and F1 of each class as three bars, in per cent, with their intervals where they are given; an
 * undefined value is shown as "n/a".
 *
 * @throws {RangeError} when a list does not have one value per class
 * @example
 * const figure = perClassBars({
 *   classes: ["anger", "fear"],
 *   precision: [0.8, Number.NaN],
 *   recall: [0.8, 0],
 *   f1: [0.8, Number.NaN],
 * });
 * figure.data[0]?.text; // => ["80", "n/a"]
 */
export function perClassBars(options: PerClassBarsOptions): Figure {
  const { classes, support, intervals = {} } = options;
  const lists = [options.precision, options.recall, options.f1, support ?? classes];
  for (const values of [...lists, ...Object.values(intervals)]) {
    if (values.length !== classes.length)
      throw new RangeError(`there are ${classes.length} classes, but ${values.length} values`);
  }
  const theme = themeOf(options.theme);
  const whiskered = Object.keys(intervals).length > 0;
  const margin = { left: 76, right: 30, bottom: 60 };
  const names = classes.map((name, i) => (support ? `${plain(name)}<br>n = ${support[i]}` : plain(name)));
  return {
    data: MEASURES.map(({ key, name }, i) => ({
      type: "bar",
      name,
      x: classes.map((_, place) => place),
      // A bar of height 0 makes room for the "n/a" of an undefined value.
      y: options[key].map((value) => (Number.isFinite(value) ? value : 0)),
      text: options[key].map((value) => (Number.isFinite(value) ? (100 * value).toFixed(0) : "n/a")),
      // There is no room for the number above a whisker: it goes to the bottom of the bar.
      textposition: intervals[key] ? "inside" : "outside",
      insidetextanchor: "start",
      textangle: 0,
      textfont: {
        size: FONT_SIZE.small,
        color: intervals[key] ? theme.ink : theme.muted,
      },
      ...errorBars(options[key], intervals[key], theme),
      cliponaxis: false,
      // A whisker is visible on a pale bar only.
      marker: {
        color: whiskered ? `${theme.series[i]!}73` : theme.series[i]!,
        line: { color: theme.series[i]!, width: whiskered ? 1.2 : 0 },
      },
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
      // Room for the number above a bar of 100 %.
      yaxis: { ...percentAxis(theme), range: [0, 1.06] },
    },
  };
}

function errorBars(
  values: readonly number[],
  bounds: readonly ({ low: number; high: number } | null)[] | undefined,
  theme: Theme,
) {
  return bounds && { error_y: whiskers(bounded(values, bounds), theme.ink) };
}

function bounded(
  values: readonly number[],
  bounds: readonly ({ low: number; high: number } | null)[],
): Estimate[] {
  return values.map((estimate, i) => ({ estimate: Number.isFinite(estimate) ? estimate : 0, ...bounds[i] }));
}
