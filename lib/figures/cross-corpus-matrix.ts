import { percent } from "../base/text.js";
import { colourAt, readableInk } from "./colour.js";
import type { Estimate, Figure, FigureOptions } from "./figure.js";
import { baseLayout, FONT_SIZE, nameAxis, plain, type Theme, themeOf } from "./theme.js";

/** What a model trained on one corpus reached on another. */
export interface CrossCorpusCell extends Estimate {
  /** The classes that both sides share and the UAR is the mean over: chance is 1 / classes. */
  classes: number;
}

export interface CrossCorpusOptions extends FigureOptions {
  /** Corpora that models were trained on: the rows, from the top. */
  train: readonly string[];
  /** Corpora they were tested on: the columns. */
  test: readonly string[];
  /** UAR in [0, 1]: `cells[train][test]`; `null` where nothing was measured. */
  cells: readonly (readonly (CrossCorpusCell | null)[])[];
}

/**
 * How well what is learned on one corpus holds on another: a row a training corpus, a column a test corpus. A cell
 * says UAR, its interval where there is one, and the number of shared classes. Since these differ, and chance with
 * them, the colour is the share of the way from chance to perfect, (UAR - 1/K) / (1 - 1/K), scikit-learn's
 * `balanced_accuracy_score(adjusted=True)`; below chance is as pale as chance. A frame marks training and test on
 * the same corpus.
 *
 * @throws {RangeError} when the cells are not one row a training corpus and one column a test corpus
 * @example crossCorpusMatrix({ train: ["tess"], test: ["savee"], cells: [[{ estimate: 0.31, classes: 7 }]] })
 */
export function crossCorpusMatrix(options: CrossCorpusOptions): Figure {
  const { train, test, cells } = options;
  if (cells.length !== train.length || cells.some((row) => row.length !== test.length))
    throw new RangeError(`a matrix of ${train.length} by ${test.length} corpora has as many cells`);
  const theme = themeOf(options.theme);
  const gains = cells.map((row) => row.map((cell) => cell && overChance(cell)));
  const margin = { left: 110, right: 30, bottom: 72 };
  const note = "colour: way from chance to 100 %; frame: within a corpus";
  return {
    data: [
      {
        type: "heatmap",
        z: gains,
        zmin: 0,
        zmax: 1,
        colorscale: theme.scale,
        showscale: false,
        xgap: 2,
        ygap: 2,
        hoverinfo: "skip",
      } as Figure["data"][number],
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Across corpora",
        subtitle: [options.subtitle, note].filter(Boolean).join(" · "),
        width: Math.max(430, 124 * test.length) + margin.left + margin.right,
        height: Math.max(150, 84 * train.length) + margin.bottom,
        margin,
      }),
      annotations: cells.flatMap((row, i) =>
        row.map((cell, j) => cellText(cell, gains[i]![j]!, { x: j, y: i }, theme)),
      ),
      shapes: train.flatMap((corpus, i) => test.flatMap((other, j) => (corpus === other ? frame(i, j) : []))),
      xaxis: { ...nameAxis(theme, test.map(plain), "tested on"), range: [-0.5, test.length - 0.5] },
      yaxis: { ...nameAxis(theme, train.map(plain), "trained on"), range: [train.length - 0.5, -0.5] },
    },
  };

  function frame(i: number, j: number) {
    const [x0, x1, y0, y1] = [j - 0.475, j + 0.475, i - 0.46, i + 0.46];
    return { type: "rect" as const, x0, x1, y0, y1, line: { color: theme.ink, width: 1.6 } };
  }
}

function overChance({ estimate, classes }: CrossCorpusCell): number {
  return Math.max(0, (estimate - 1 / classes) / (1 - 1 / classes));
}

function cellText(
  cell: CrossCorpusCell | null,
  gain: number | null,
  place: { x: number; y: number },
  theme: Theme,
) {
  const colour = readableInk(gain === null ? theme.background : colourAt(theme.scale, gain));
  return {
    ...place,
    text: cell ? cellLines(cell).join("<br>") : "–",
    showarrow: false,
    font: { size: FONT_SIZE.axis, color: colour },
  };
}

function cellLines({ estimate, low, high, classes }: CrossCorpusCell): string[] {
  const small = (text: string) => `<span style="font-size:${FONT_SIZE.small}px">${text}</span>`;
  const interval =
    low === undefined || high === undefined ? [] : [small(`${percent(low)} – ${percent(high)}`)];
  return [`<b>${percent(estimate)} %</b>`, ...interval, small(`${classes} classes`)];
}
