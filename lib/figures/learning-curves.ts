import type { Figure, FigureOptions } from "./figure.js";
import { axis, baseLayout, FONT_SIZE, legendAbove, percentAxis, type Theme, themeOf } from "./theme.js";

/** What one epoch of training left behind. */
export interface Epoch {
  /** From 1. */
  epoch: number;
  /** Mean loss over the training clips, as `validationLoss` over the validation clips. */
  trainLoss: number;
  validationLoss?: number;
  /** UAR in [0, 1]. */
  trainUar?: number;
  validationUar?: number;
}

export interface LearningCurvesOptions extends FigureOptions {
  epochs: readonly Epoch[];
  /** The epoch whose weights were kept; it is marked. */
  bestEpoch?: number;
}

/**
 * Loss, and UAR where it was measured, by epoch: training dashed, validation solid, the epoch that was
 * kept marked by a line.
 *
 * @throws {RangeError} without any epoch
 * @example learningCurves({ epochs: [{ epoch: 1, trainLoss: 1.9, validationLoss: 1.8 }], bestEpoch: 1 })
 */
export function learningCurves(options: LearningCurvesOptions): Figure {
  const { epochs, bestEpoch } = options;
  if (epochs.length === 0) throw new RangeError("learning curves need at least one epoch");
  const theme = themeOf(options.theme);
  const withUar = epochs.some((e) => e.trainUar !== undefined || e.validationUar !== undefined);
  const panels = withUar ? 2 : 1;
  const gap = 0.1;
  const domain = (panel: number) => [
    panel * (0.5 + gap / 2),
    panels === 1 ? 1 : 0.5 - gap / 2 + panel * (0.5 + gap / 2),
  ];
  const epochAxis = { ...axis(theme, "epoch"), ...epochTicks(epochs) };
  return {
    data: [
      ...pair(epochs, ["trainLoss", "validationLoss"], "", theme),
      ...(withUar ? pair(epochs, ["trainUar", "validationUar"], "2", theme) : []),
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Learning curves",
        width: withUar ? 980 : 620,
        height: 350,
        margin: { left: 76, right: 30, bottom: 66 },
        legend: true,
      }),
      ...legendAbove(theme),
      xaxis: { ...epochAxis, domain: domain(0) },
      yaxis: { ...axis(theme, "loss (cross-entropy)"), rangemode: "tozero" },
      ...(withUar && {
        xaxis2: { ...epochAxis, domain: domain(1), anchor: "y2" },
        yaxis2: { ...percentAxis(theme, "UAR"), anchor: "x2" },
      }),
      shapes: bestEpoch === undefined ? [] : axes(panels).map((n) => bestLine(bestEpoch, n, theme)),
      annotations: bestEpoch === undefined ? [] : [bestLabel(bestEpoch, panels, epochs, theme)],
    },
  };
}

function axes(panels: number): string[] {
  return panels === 2 ? ["", "2"] : [""];
}

function epochTicks(epochs: readonly Epoch[]): { range: [number, number]; dtick: number; tick0: number } {
  const [first, last] = [epochs[0]!.epoch, epochs.at(-1)!.epoch];
  const span = Math.max(1, last - first);
  const dtick = [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => span / step <= 8) ?? 1000;
  return { range: [first - 0.03 * span, last + 0.03 * span], dtick, tick0: 0 };
}

function pair(
  epochs: readonly Epoch[],
  keys: ["trainLoss" | "trainUar", "validationLoss" | "validationUar"],
  panel: string,
  theme: Theme,
): Figure["data"] {
  return keys
    .filter((key) => epochs.some((e) => e[key] !== undefined))
    .map((key) => {
      const train = key.startsWith("train");
      return {
        type: "scatter",
        // A single epoch has no line, and markers would hide the dashes.
        mode: epochs.length === 1 ? "markers" : "lines",
        name: train ? "training" : "validation",
        x: epochs.map((e) => e.epoch),
        y: epochs.map((e) => e[key] ?? null),
        xaxis: `x${panel}`,
        yaxis: `y${panel}`,
        line: { color: theme.series[train ? 1 : 0]!, width: 2.2, dash: train ? "dash" : "solid" },
        marker: { size: 6, symbol: train ? "circle-open" : "circle" },
        showlegend: panel === "",
      };
    });
}

function bestLine(epoch: number, panel: string, theme: Theme) {
  return {
    type: "line" as const,
    x0: epoch,
    x1: epoch,
    xref: `x${panel}` as "x",
    y0: 0,
    y1: 1,
    yref: `y${panel} domain` as "paper",
    line: { color: theme.muted, width: 1.2, dash: "dot" as const },
    layer: "below" as const,
  };
}

/** Inside the last panel, at the end where there is more room beside the line. */
function bestLabel(epoch: number, panels: number, epochs: readonly Epoch[], theme: Theme) {
  const panel = axes(panels).at(-1)!;
  const middle = (epochs[0]!.epoch + epochs.at(-1)!.epoch) / 2;
  return {
    text: `kept: epoch ${epoch}`,
    x: epoch,
    xref: `x${panel}` as "x",
    y: panels === 2 ? 0.02 : 0.98,
    yref: `y${panel} domain` as "paper",
    yanchor: panels === 2 ? ("bottom" as const) : ("top" as const),
    xanchor: epoch > middle ? ("right" as const) : ("left" as const),
    xshift: epoch > middle ? -5 : 5,
    showarrow: false,
    font: { size: FONT_SIZE.small, color: theme.muted },
  };
}
