import { percent } from "../base/text.js";
import { colourAt, readableInk } from "./colour.js";
import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, FONT_SIZE, nameAxis, plain, type Theme, themeOf } from "./theme.js";

/** Options of {@link confusionMatrix}. */
export interface ConfusionMatrixOptions extends FigureOptions {
  /** Number of clips, `counts[true][predicted]`: one row and one column per class. */
  counts: readonly (readonly number[])[];
  /** The classes, in the order of the rows and columns. */
  classes: readonly string[];
}

/**
 * A confusion matrix: rows are the true classes, columns the predicted ones. Each cell shows the number of clips and
 * its share of the row, 100 * counts[i][j] / sum_j counts[i][j] (scikit-learn's `normalize="true"`), and is coloured by
 * the share, so the diagonal shows each class's recall. A row without clips stays empty.
 *
 * @throws {RangeError} when `counts` is not one row and one column per class, or a count is negative
 * @example
 * const figure = confusionMatrix({ counts: [[8, 2], [1, 9]], classes: ["anger", "fear"], subtitle: "UAR 85.0 %" });
 * figure.data[0]?.z; // => [[0.8, 0.2], [0.1, 0.9]]
 */
export function confusionMatrix(options: ConfusionMatrixOptions): Figure {
  const { counts, classes } = options;
  requireSquare(counts, classes.length);
  const theme = themeOf(options.theme);
  const shares = counts.map((cells) => {
    const sum = cells.reduce((total, count) => total + count, 0);
    return cells.map((count) => (sum > 0 ? count / sum : null));
  });
  const side = Math.max(360, 68 * classes.length);
  const margin = { left: 110, right: 30, bottom: 72 };
  const names = classes.map(plain);
  const span = [-0.5, classes.length - 0.5];
  return {
    data: [
      {
        type: "heatmap",
        z: shares,
        customdata: counts.map((cells) => [...cells]),
        zmin: 0,
        zmax: 1,
        colorscale: theme.scale,
        showscale: false,
        xgap: 2,
        ygap: 2,
        hovertemplate: "true %{y}<br>predicted %{x}<br>%{customdata} clips, %{z:.1%}<extra></extra>",
      } as Figure["data"][number],
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Confusion matrix",
        width: side + margin.left + margin.right,
        height: side + margin.bottom,
        margin,
      }),
      annotations: cellTexts(counts, shares, theme),
      xaxis: { ...nameAxis(theme, names, "predicted"), range: span },
      yaxis: { ...nameAxis(theme, names, "true (a row is 100 %)"), range: [...span].reverse() },
    },
  };
}

function requireSquare(counts: readonly (readonly number[])[], classes: number): void {
  if (counts.length !== classes || counts.some((cells) => cells.length !== classes))
    throw new RangeError(`a confusion matrix of ${classes} classes has ${classes} rows and columns`);
  if (!counts.flat().every((count) => count >= 0)) throw new RangeError("a count is at least 0");
}

function cellTexts(counts: readonly (readonly number[])[], shares: (number | null)[][], theme: Theme) {
  return counts.flatMap((cells, i) =>
    cells.map((count, j) => {
      const share = shares[i]![j]!;
      const shown =
        share === null ? "" : `<br><span style="font-size:${FONT_SIZE.small}px">${percent(share)} %</span>`;
      return {
        x: j,
        y: i,
        text: `${i === j ? `<b>${count}</b>` : count}${shown}`,
        showarrow: false,
        font: { size: FONT_SIZE.axis, color: readableInk(cellColour(share, theme)) },
      };
    }),
  );
}

function cellColour(share: number | null, theme: Theme): string {
  return share === null ? theme.background : colourAt(theme.scale, share);
}
