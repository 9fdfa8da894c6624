import { percent } from "../base/text.js";
import type { Figure, FigureOptions } from "./figure.js";
import { axis, baseLayout, legendAbove, percentAxis, plain, type Theme, themeOf } from "./theme.js";

/** Answers of one model, with the confidence of each. */
export interface ReliabilitySeries {
  /** Such as "uncalibrated" and "calibrated". */
  name: string;
  /** The largest probability of each clip, in [0, 1]. */
  confidence: ArrayLike<number>;
  /** Whether each answer is correct. */
  right: readonly boolean[];
  /** Expected calibration error in [0, 1], for the legend. */
  ece?: number;
}

/** Options of {@link reliabilityDiagram}. */
export interface ReliabilityOptions extends FigureOptions {
  /** One to four, in drawing order. */
  series: readonly ReliabilitySeries[];
  /** Number of bins of equal width, closed on the right, as in `calibrationError`; default 10. */
  bins?: number;
}

/** The answers of one confidence bin: their mean confidence, accuracy and number. */
export interface Bin {
  confidence: number;
  accuracy: number;
  count: number;
}

const SYMBOLS = ["circle", "diamond", "square", "triangle-up"] as const;
const DASHES = ["dash", "solid", "dot", "longdash"] as const;

/**
 * Reliability diagram (Guo et al. 2017, https://arxiv.org/abs/1706.04599): above, accuracy against mean confidence in
 * bins of equal width, on the diagonal for calibrated confidences; below, the number of clips in each bin. Empty bins are
 * left out.
 *
 * @throws {RangeError} for no series, more than four, or lists of different lengths
 * @example
 * const answers = { confidence: [0.95, 0.91, 0.55], right: [true, false, true] };
 * const figure = reliabilityDiagram({ series: [{ name: "uncalibrated", ...answers }] });
 * figure.data[0]?.x; // => [0.55, 0.93]
 * figure.data[0]?.y; // => [1, 0.5]
 */
export function reliabilityDiagram(options: ReliabilityOptions): Figure {
  const { series, bins = 10 } = options;
  if (series.length < 1 || series.length > 4)
    throw new RangeError(`a reliability diagram holds 1 to 4 series, not ${series.length}`);
  const theme = themeOf(options.theme);
  const binned = series.map((one) => reliabilityBins(one.confidence, one.right, bins));
  const counts = binned.flat().map(({ count }) => count);
  const confidence = { ...percentAxis(theme, "confidence"), range: [0, 1] };
  return {
    data: series.flatMap(({ name, ece }, i) => {
      const colour = theme.series[(i + series.length - 1) % series.length]!;
      const label = `${plain(name)}${ece === undefined ? "" : ` (ECE ${percent(ece)} %)`}`;
      return pair(binned[i]!, { label, colour, place: i, bins, series: series.length });
    }) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Reliability of confidences",
        width: 560,
        height: 590,
        margin: { left: 84, right: 30, bottom: 66 },
        legend: true,
      }),
      ...legendAbove(theme),
      bargap: 0,
      barmode: "overlay",
      xaxis: { ...confidence, title: { text: "" }, showticklabels: false, anchor: "y", matches: "x2" },
      yaxis: { ...percentAxis(theme, "right answers"), range: [0, 1.03], domain: [0.27, 1] },
      xaxis2: { ...confidence, anchor: "y2" },
      yaxis2: {
        ...axis(theme, "clips"),
        domain: [0, 0.2],
        range: [0, 1.08 * Math.max(1, ...counts)],
        nticks: 4,
        anchor: "x2",
      },
      shapes: [diagonal(theme)],
    },
  };
}

/**
 * Groups answers into confidence bins of equal width over [0, 1], closed on the right; empty bins are left out.
 *
 * @throws {RangeError} when the lists differ in length
 * @example reliabilityBins([0.95, 0.91], [true, false], 10) // [{ confidence: 0.93, accuracy: 0.5, count: 2 }]
 */
export function reliabilityBins(
  confidence: ArrayLike<number>,
  right: readonly boolean[],
  bins: number,
): Bin[] {
  if (confidence.length !== right.length)
    throw new RangeError(`${confidence.length} confidences, but ${right.length} answers`);
  const sums = Array.from({ length: bins }, () => ({ confidence: 0, accuracy: 0, count: 0 }));
  for (let i = 0; i < right.length; i++) {
    const bin = sums[placeOf(confidence[i]!, bins)]!;
    bin.confidence += confidence[i]!;
    bin.accuracy += Number(right[i]);
    bin.count++;
  }
  return sums
    .filter(({ count }) => count > 0)
    .map(({ confidence, accuracy, count }) => ({
      confidence: confidence / count,
      accuracy: accuracy / count,
      count,
    }));
}

/** Index of the bin (low, high] that a confidence falls into. */
function placeOf(confidence: number, bins: number): number {
  return Math.min(bins - 1, Math.max(0, Math.ceil(bins * confidence) - 1));
}

interface Look {
  label: string;
  colour: string;
  place: number;
  bins: number;
  series: number;
}

/** The line above and the counts below. */
function pair(bins: readonly Bin[], look: Look): unknown[] {
  const { label, colour, place } = look;
  const width = 1 / look.bins;
  return [
    {
      type: "scatter",
      mode: "lines+markers",
      name: label,
      x: bins.map(({ confidence }) => confidence),
      y: bins.map(({ accuracy }) => accuracy),
      line: { color: colour, width: 2, dash: look.series === 1 ? "solid" : DASHES[place % DASHES.length]! },
      marker: { size: 8, color: colour, symbol: SYMBOLS[place % SYMBOLS.length]! },
      cliponaxis: false,
      hovertemplate: "confidence %{x:.1%}, right %{y:.1%}<extra>%{fullData.name}</extra>",
    },
    {
      type: "bar",
      name: label,
      showlegend: false,
      // Side by side within the bin.
      x: bins.map(({ confidence }) => width * (placeOf(confidence, look.bins) + (place + 0.5) / look.series)),
      y: bins.map(({ count }) => count),
      width: (0.86 * width) / look.series,
      marker: { color: colour },
      xaxis: "x2",
      yaxis: "y2",
      hovertemplate: "%{y} clips<extra>%{fullData.name}</extra>",
    },
  ];
}

function diagonal(theme: Theme) {
  return {
    type: "line" as const,
    layer: "below" as const,
    x0: 0,
    y0: 0,
    x1: 1,
    y1: 1,
    line: { color: theme.muted, width: 1.2, dash: "dot" as const },
  };
}
