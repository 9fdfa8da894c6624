import type { Estimate, Figure, FigureOptions } from "./figure.js";
import { levelReferences, type Reference } from "./reference-line.js";
import { axis, baseLayout, legendAbove, percentSpan, plain, themeOf, whiskers } from "./theme.js";

/** UAR of a model at one noise level. */
export interface NoisePoint extends Estimate {
  /** Signal-to-noise ratio, dB; "clean" for no added noise. */
  snr: number | "clean";
}

/** Options of {@link noiseRobustness}. */
export interface NoiseRobustnessOptions extends FigureOptions {
  /** One line per model or kind of noise; UAR in [0, 1]. */
  series: readonly { name: string; points: readonly NoisePoint[] }[];
  /** Horizontal lines to compare with, such as chance. */
  references?: readonly Reference[];
}

const DASHES = ["solid", "dash", "dot", "longdash"] as const;
const SYMBOLS = ["circle", "diamond", "square", "triangle-up"] as const;

/**
 * UAR against the signal-to-noise ratio, from clean to loud noise; lines differ in colour, dash and marker.
 *
 * @throws {RangeError} when there are no points
 * @example
 * const points = [
 *   { snr: "clean", estimate: 0.6 } as const,
 *   { snr: 0, estimate: 0.4 },
 *   { snr: 20, estimate: 0.55 },
 * ];
 * noiseRobustness({ series: [{ name: "cnn", points }] }).data[0]?.y; // => [0.6, 0.55, 0.4]
 */
export function noiseRobustness(options: NoiseRobustnessOptions): Figure {
  const { series, references = [] } = options;
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) throw new RangeError("a noise robustness figure needs at least one point");
  const theme = themeOf(options.theme);
  const levels = [...new Set(points.map(({ snr }) => snr))].sort((a, b) => loudness(a) - loudness(b));
  const marks = levelReferences(references, "left", theme);
  const values = points.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate]);
  const several = series.length > 1;
  return {
    data: series.map(({ name, points }, i) => {
      const own = [...points].sort((a, b) => loudness(a.snr) - loudness(b.snr));
      const colour = theme.series[i % theme.series.length]!;
      // Shifted a little, so that whiskers at the same level do not overlap.
      const shift = 0.05 * (i - (series.length - 1) / 2);
      return {
        type: "scatter",
        mode: "lines+markers",
        name: plain(name),
        x: own.map(({ snr }) => levels.indexOf(snr) + shift),
        y: own.map(({ estimate }) => estimate),
        error_y: whiskers(own, colour),
        line: { color: colour, width: 2, dash: DASHES[i % DASHES.length]! },
        marker: { size: 8, color: colour, symbol: SYMBOLS[i % SYMBOLS.length]! },
        cliponaxis: false,
        hovertemplate: "%{y:.1%}<extra>%{fullData.name}</extra>",
      };
    }) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Robustness to noise",
        width: 680,
        height: 380,
        margin: { left: 76, right: 30, bottom: 66 },
        legend: several,
      }),
      ...(several && legendAbove(theme)),
      xaxis: {
        ...axis(theme, "signal-to-noise ratio (dB)"),
        range: [-0.3, levels.length - 0.7],
        tickmode: "array",
        tickvals: levels.map((_, i) => i),
        ticktext: levels.map((snr) => (snr === "clean" ? "clean" : String(snr).replace("-", "−"))),
        showgrid: false,
      },
      yaxis: percentSpan(theme, [...values, ...references.map(({ value }) => value)], "UAR"),
      ...marks,
    },
  };
}

/** Orders levels from clean to loud noise. */
function loudness(snr: NoisePoint["snr"]): number {
  return snr === "clean" ? Number.NEGATIVE_INFINITY : -snr;
}
