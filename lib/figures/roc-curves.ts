import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, emotionColour, FONT_SIZE, percentAxis, plain, type Theme, themeOf } from "./theme.js";

/** Options of {@link rocCurves}. */
export interface RocCurvesOptions extends FigureOptions {
  /** In the order of the columns of `probabilities`. */
  classes: readonly string[];
  /** Class index of each clip. */
  truth: ArrayLike<number>;
  /** Clips x classes, row by row. */
  probabilities: ArrayLike<number>;
}

/** The ROC curve of one class against all others. */
export interface RocCurve {
  /** Rates in [0, 1], from (0, 0) to (1, 1). */
  falsePositive: number[];
  truePositive: number[];
  /** Area under the curve: the probability that a clip of the class scores higher than one of another class. */
  auc: number;
}

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash"] as const;

/**
 * ROC curves of each class against the rest, with the area under each (Fawcett 2006) and their unweighted mean,
 * scikit-learn's `roc_auc_score(multi_class="ovr", average="macro")`. A class without clips, or with all of them, has no
 * curve.
 *
 * @throws {RangeError} when `probabilities` is not one row per clip
 * @example
 * const probabilities = [0.8, 0.2, 0.3, 0.7, 0.6, 0.4, 0.1, 0.9];
 * const figure = rocCurves({ classes: ["anger", "fear"], truth: [0, 0, 1, 1], probabilities });
 * figure.data[0]?.name; // => "anger 0.750"
 */
export function rocCurves(options: RocCurvesOptions): Figure {
  const { classes, truth, probabilities } = options;
  if (probabilities.length !== truth.length * classes.length)
    throw new RangeError(
      `${truth.length} clips of ${classes.length} classes, but ${probabilities.length} probabilities`,
    );
  const theme = themeOf(options.theme);
  const curves = classes.flatMap((name, c) => {
    const positive = Array.from(truth, (own) => own === c);
    const scores = positive.map((_, i) => probabilities[i * classes.length + c]!);
    const curve = rocCurve(scores, positive);
    return curve ? [{ name, dash: DASHES[c % DASHES.length]!, ...curve }] : [];
  });
  const mean = curves.reduce((sum, { auc }) => sum + auc, 0) / Math.max(1, curves.length);
  return {
    data: curves.map(({ name, dash, falsePositive, truePositive, auc }) => ({
      type: "scatter",
      mode: "lines",
      name: `${plain(name)} ${auc.toFixed(3)}`,
      x: falsePositive,
      y: truePositive,
      line: { color: emotionColour(name, theme), width: 2, dash },
      hovertemplate: "%{x:.1%} false alarms, %{y:.1%} found<extra>%{fullData.name}</extra>",
    })) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "ROC curves",
        width: 600,
        height: 560,
        margin: { left: 84, right: 30, bottom: 66 },
      }),
      showlegend: curves.length > 0,
      legend: {
        x: 0.985,
        xanchor: "right",
        y: 0.02,
        yanchor: "bottom",
        bgcolor: theme.background,
        bordercolor: theme.grid,
        borderwidth: 1,
        title: {
          text: `area under the curve (mean ${mean.toFixed(3)})`,
          font: { size: FONT_SIZE.small, color: theme.muted },
        },
        font: { size: FONT_SIZE.tick, color: theme.ink },
      },
      xaxis: { ...percentAxis(theme, "false positives (of the other classes)") },
      yaxis: { ...percentAxis(theme, "true positives (recall)"), range: [0, 1.01] },
      shapes: [chance(theme)],
    },
  };
}

/**
 * The ROC curve of scores: the false positive and the true positive rate as the threshold falls from above all scores to
 * the lowest. Equal scores pass together; points on a straight line between others are left out. Equals scikit-learn's
 * `roc_curve` and `auc`.
 *
 * @returns `undefined` when all or none are positive
 * @example rocCurve([0.1, 0.4, 0.35, 0.8], [false, false, true, true])!.auc // 0.75
 */
export function rocCurve(scores: ArrayLike<number>, positive: readonly boolean[]): RocCurve | undefined {
  const positives = positive.filter(Boolean).length;
  const negatives = positive.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  const order = positive.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const points: [number, number][] = [[0, 0]];
  let [hits, alarms] = [0, 0];
  order.forEach((i, rank) => {
    if (positive[i]) hits++;
    else alarms++;
    const next = order[rank + 1];
    if (next === undefined || scores[next] !== scores[i]) addPoint(points, [alarms, hits]);
  });
  let area = 0;
  for (let k = 1; k < points.length; k++)
    area += ((points[k]![0] - points[k - 1]![0]) * (points[k]![1] + points[k - 1]![1])) / 2;
  return {
    falsePositive: points.map(([x]) => x / negatives),
    truePositive: points.map(([, y]) => y / positives),
    auc: area / (positives * negatives),
  };
}

/** Adds a point of counts; removes the last one if it lies on the straight line to the new one. */
function addPoint(points: [number, number][], [x, y]: [number, number]): void {
  const [last, before] = [points.at(-1)!, points.at(-2)];
  if (before && (last[0] - before[0]) * (y - last[1]) === (last[1] - before[1]) * (x - last[0])) points.pop();
  points.push([x, y]);
}

function chance(theme: Theme) {
  const line = { color: theme.muted, width: 1.2, dash: "dot" as const };
  return { type: "line" as const, layer: "below" as const, x0: 0, y0: 0, x1: 1, y1: 1, line };
}
