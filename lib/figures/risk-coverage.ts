import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, legendAbove, percentAxis, percentSpan, plain, themeOf } from "./theme.js";

/** What answering only from a confidence on costs and saves. */
export interface RiskAndCoverage {
  /** Share of the clips that is answered, in [0, 1]. */
  coverage: number;
  /** Share of the answers that is wrong, in [0, 1]. */
  risk: number;
}

export interface RiskCoverageOptions extends FigureOptions {
  /** One a threshold, in any order, as `riskCoverage` gives them; the one that answers most says the risk of answering all. */
  points: readonly RiskAndCoverage[];
  /** Where chosen thresholds lie, each with its name: "chosen on validation". */
  marks?: readonly (RiskAndCoverage & { name: string })[];
}

/** Of fewer clips the risk is chance: a wrong one among the surest five is 20 %. */
const LEAST_COVERAGE = 0.02;
/** Points that are drawn: more are not told apart. */
const DRAWN = 200;
const SYMBOLS = ["diamond", "circle", "square", "triangle-up"] as const;

/**
 * Risk against coverage (El-Yaniv and Wiener 2010): the share of wrong answers when only the surest clips are answered, for
 * every share of them. The dotted line is what a confidence would give that says nothing.
 *
 * @throws {RangeError} without points
 * @example riskCoverageCurve({ points: riskCoverage(probabilities, truth, 7), marks: [{ name: "threshold", coverage: 0.6, risk: 0.3 }] })
 */
export function riskCoverageCurve(options: RiskCoverageOptions): Figure {
  const { marks = [] } = options;
  const points = [...options.points].sort((a, b) => a.coverage - b.coverage);
  const all = points.at(-1);
  if (!all) throw new RangeError("a curve of risk against coverage needs points");
  const theme = themeOf(options.theme);
  const steady = points.filter(({ coverage }) => coverage >= LEAST_COVERAGE);
  const every = Math.ceil(steady.length / DRAWN);
  const drawn = steady.filter((point, i) => i % every === 0 || point === all);
  const risks = [...drawn, ...marks].map(({ risk }) => risk);
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        name: "surest first",
        x: drawn.map(({ coverage }) => coverage),
        y: drawn.map(({ risk }) => risk),
        line: { color: theme.series[0]!, width: 2 },
        hovertemplate: "%{x:.1%} answered, %{y:.1%} of that wrong<extra></extra>",
      },
      {
        type: "scatter",
        mode: "lines",
        name: "at random",
        x: [0, 1],
        y: [all.risk, all.risk],
        line: { color: theme.muted, width: 1.2, dash: "dot" },
        hoverinfo: "skip",
      },
      ...marks.map(({ name, coverage, risk }, i) => ({
        type: "scatter",
        mode: "markers",
        name: plain(name),
        x: [coverage],
        y: [risk],
        marker: { size: 12, color: theme.ink, symbol: SYMBOLS[i % SYMBOLS.length]! },
        cliponaxis: false,
        hovertemplate: "%{x:.1%} answered, %{y:.1%} of that wrong<extra>%{fullData.name}</extra>",
      })),
    ] as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Risk and coverage",
        width: 620,
        height: 460,
        margin: { left: 84, right: 30, bottom: 66 },
        legend: true,
      }),
      ...legendAbove(theme),
      xaxis: { ...percentAxis(theme, "coverage: clips that are answered"), range: [0, 1.01] },
      yaxis: percentSpan(theme, [0, all.risk, ...risks], "risk: answers that are wrong"),
    },
  };
}
