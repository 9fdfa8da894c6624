import type { Figure, FigureOptions } from "./figure.js";
import { baseLayout, legendAbove, percentAxis, percentSpan, plain, themeOf } from "./theme.js";

/** Risk and coverage at one confidence threshold. */
export interface RiskAndCoverage {
  /** Share of the clips that are answered, in [0, 1]. */
  coverage: number;
  /** Share of the answers that are wrong, in [0, 1]. */
  risk: number;
}

/** Options of {@link riskCoverageCurve}. */
export interface RiskCoverageOptions extends FigureOptions {
  /** One per threshold, in any order, as `riskCoverage` returns them; the one of highest coverage gives the risk of answering all. */
  points: readonly RiskAndCoverage[];
  /** Points of chosen thresholds, each with its name: "chosen on validation". */
  marks?: readonly (RiskAndCoverage & { name: string })[];
}

/** Below this coverage a single error dominates the risk: one among the five most confident clips is 20 %. */
const LEAST_COVERAGE = 0.02;
/** Points that are drawn; more could not be told apart. */
const DRAWN = 200;
const SYMBOLS = ["diamond", "circle", "square", "triangle-up"] as const;

/**
 * Risk-coverage curve (El-Yaniv and Wiener 2010): the share of wrong answers against the share of clips that are answered,
 * the most confident first. The dotted line is the risk with an uninformative confidence, that of answering all clips. The
 * curve starts at a coverage of 0.02.
 *
 * @throws {RangeError} when there are no points
 * @example
 * const points = riskCoverage(Float32Array.of(0.9, 0.1, 0.4, 0.6), [0, 0], 2);
 * const figure = riskCoverageCurve({ points, marks: [{ name: "threshold", coverage: 0.5, risk: 0 }] });
 * figure.data[0]?.x; // => [0.5, 1]
 * figure.data[0]?.y; // => [0, 0.5]
 */
export function riskCoverageCurve(options: RiskCoverageOptions): Figure {
  const { marks = [] } = options;
  const points = [...options.points].sort((a, b) => a.coverage - b.coverage);
  const all = points.at(-1);
  if (!all) throw new RangeError("a risk-coverage curve needs points");
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
