import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, emotionColour, FONT_SIZE, percentAxis, plain, type Theme, themeOf } from "./theme.js";

export interface RocCurvesOptions extends FigureOptions {
  classes: readonly string[];
  /** Class index of each clip. */
  truth: ArrayLike<number>;
  /** Row by row, `classes.length` values a clip. */
  probabilities: ArrayLike<number>;
}

/** One class against all others. */
export interface RocCurve {
  /** Shares in [0, 1], from (0, 0) to (1, 1). */
  falsePositive: number[];
  truePositive: number[];
  /** Area under the curve: the chance that a clip of the class has a higher probability than one of another. */
  auc: number;
}

const DASHES = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot", "solid", "dash"] as const;

/**
 * ROC curves, each class against the rest, with the area under each (Fawcett 2006) and their mean. A class without
 * clips, or with all of them, has no curve and stays out.
 *
 * @throws {RangeError} when there is not one row of probabilities a clip
 * @example rocCurves({ classes: ["anger", "fear"], truth: [0, 1], probabilities: [0.8, 0.2, 0.4, 0.6] })
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
 * The ROC curve of scores: as the threshold falls from above all scores to the least, the share of others that pass it
 * (false positives) and of the class (true positives). Equal scores pass at once; points on a straight line between
 * others are left out. scikit-learn's `roc_curve` and `auc` give the same.
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

/** Adds a point of counts; the last one goes where it lies on the straight line to the new. */
function addPoint(points: [number, number][], [x, y]: [number, number]): void {
  const [last, before] = [points.at(-1)!, points.at(-2)];
  if (before && (last[0] - before[0]) * (y - last[1]) === (last[1] - before[1]) * (x - last[0])) points.pop();
  points.push([x, y]);
}

function chance(theme: Theme) {
  const line = { color: theme.muted, width: 1.2, dash: "dot" as const };
  return { type: "line" as const, layer: "below" as const, x0: 0, y0: 0, x1: 1, y1: 1, line };
}
