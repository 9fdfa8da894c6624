import { percent } from "../base/text.js";
import { colourAt, readableInk } from "./colour.js";
import type { Estimate, Figure, FigureOptions } from "./figure.js";
import { baseLayout, FONT_SIZE, nameAxis, plain, type Theme, themeOf } from "./theme.js";

/** UAR in [0, 1] of a model trained on one corpus and tested on another. */
export interface CrossCorpusCell extends Estimate {
  /** Number of classes that both corpora share and the UAR averages over; chance is 1 / classes. */
  classes: number;
}

/** Options of {@link crossCorpusMatrix}. */
export interface CrossCorpusOptions extends FigureOptions {
  /** Training corpora: the rows, from top to bottom. */
  train: readonly string[];
  /** Test corpora: the columns. */
  test: readonly string[];
  /** `cells[train][test]`; `null` where nothing was measured. */
  cells: readonly (readonly (CrossCorpusCell | null)[])[];
}

/**
 * Cross-corpus matrix: one row per training corpus, one column per test corpus. A cell shows the UAR, its interval if it
 * has one, and the number of shared classes K. K differs between cells, and chance with it, so the colour shows
 * chance-adjusted UAR, (UAR - 1/K) / (1 - 1/K), scikit-learn's `balanced_accuracy_score(adjusted=True)`; values below
 * chance have the colour of chance. A frame marks cells trained and tested on the same corpus.
 *
 * @throws {RangeError} when `cells` is not one row per training corpus and one column per test corpus
 * @example
 * const figure = crossCorpusMatrix({
 *   train: ["tess"],
 *   test: ["savee", "cremad"],
 *   cells: [[{ estimate: 0.4, classes: 7 }, null]],
 * });
 * figure.data[0]?.z; // => [[0.3, null]]
 */
export function crossCorpusMatrix(options: CrossCorpusOptions): Figure {
  const { train, test, cells } = options;
  if (cells.length !== train.length || cells.some((row) => row.length !== test.length))
    throw new RangeError(
      `${train.length} training and ${test.length} test corpora need a cell for each pair`,
    );
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
