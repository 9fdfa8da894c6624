import type { Figure, FigureOptions } from "./figure.js";
import {
  axis,
  baseLayout,
  FONT_SIZE,
  legendAbove,
  percentAxis,
  percentSpan,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** The record of one training epoch. */
export interface Epoch {
  /** Number of the epoch, from 1. */
  epoch: number;
  /** Mean loss over the training clips. */
  trainLoss: number;
  /** Mean loss over the validation clips. */
  validationLoss?: number;
  /** UAR on the validation clips, in [0, 1]. */
  validationUar?: number;
}

/** One training run. */
export interface TrainingRun {
  epochs: readonly Epoch[];
  /** The epoch whose weights were kept; marked in the figure. */
  bestEpoch?: number;
}

/** Options of {@link learningCurves}: one training run, or several networks, each with its runs (folds and seeds). */
export type LearningCurvesOptions = FigureOptions &
  (TrainingRun | { networks: readonly { name: string; runs: readonly TrainingRun[] }[] });

type Span = [low: number, high: number];

/** Panels in a row. */
const ACROSS = 4;
const WIDTH = 250;
const HEIGHT = 220;
const GAP = 0.09;

/**
 * Loss, and validation UAR where it was measured, by epoch; training dashed, validation solid. For one run the two panels
 * stand side by side, and a line marks the kept epoch. Of several networks each has a column, loss above UAR, with a thin
 * line per run and a dot at the kept epoch; all panels then share their axes.
 *
 * @throws {RangeError} when there is no run, or a run has no epochs
 * @example
 * const epochs = [
 *   { epoch: 1, trainLoss: 1.9, validationLoss: 1.8, validationUar: 0.3 },
 *   { epoch: 2, trainLoss: 1.5, validationLoss: 1.6, validationUar: 0.4 },
 * ];
 * const single = learningCurves({ epochs, bestEpoch: 2 });
 * const several = learningCurves({ networks: [{ name: "cnn", runs: [{ epochs, bestEpoch: 2 }] }] });
 * several.layout.annotations?.[0]?.text; // => "<b>cnn</b>"
 */
export function learningCurves(options: LearningCurvesOptions): Figure {
  const runs = "networks" in options ? options.networks.flatMap((network) => network.runs) : [options];
  if (runs.length === 0 || runs.some(({ epochs }) => epochs.length === 0))
    throw new RangeError("learning curves need runs with epochs");
  const theme = themeOf(options.theme);
  const drawn =
    "networks" in options ? severalNetworks(options.networks, runs, theme) : oneRun(options, theme);
  return {
    data: drawn.data as Figure["data"],
    layout: {
      ...baseLayout({ ...options, title: options.title ?? "Learning curves", ...drawn.size, legend: true }),
      ...legendAbove(theme),
      ...drawn.layout,
    },
  };
}

function oneRun({ epochs, bestEpoch }: TrainingRun, theme: Theme) {
  const withUar = epochs.some(({ validationUar }) => validationUar !== undefined);
  const panels = withUar ? ["", "2"] : [""];
  const [first, last] = [epochs[0]!.epoch, epochs.at(-1)!.epoch];
  const span = Math.max(1, last - first);
  const lines = curves(epochs, { loss: "", uar: "2" }, { width: 2.2, marker: 6, opacity: 1 }, theme);
  const epochAxis = {
    ...axis(theme, "epoch"),
    ...epochTicks([first - 0.03 * span, last + 0.03 * span], span / 8),
  };
  return {
    data: [...legend(theme).slice(0, lines.length > 1 ? 2 : 1), ...lines],
    size: { width: withUar ? 980 : 620, height: 350, margin: { left: 76, right: 30, bottom: 66 } },
    layout: {
      xaxis: { ...epochAxis, domain: withUar ? [0, 0.45] : [0, 1] },
      yaxis: { ...axis(theme, "loss (cross-entropy)"), rangemode: "tozero" as const },
      ...(withUar && {
        xaxis2: { ...epochAxis, domain: [0.55, 1], anchor: "y2" as const },
        yaxis2: { ...percentAxis(theme, "UAR"), anchor: "x2" as const },
      }),
      ...(bestEpoch !== undefined && {
        shapes: panels.map((panel) => bestLine(bestEpoch, panel, theme)),
        annotations: [bestLabel(bestEpoch, panels.at(-1)!, bestEpoch > (first + last) / 2, theme)],
      }),
    },
  };
}

function severalNetworks(
  networks: readonly { name: string; runs: readonly TrainingRun[] }[],
  runs: readonly TrainingRun[],
  theme: Theme,
) {
  const columns = Math.min(ACROSS, networks.length);
  const rows = 2 * Math.ceil(networks.length / columns);
  const places = networks.map((_, i) => ({
    x: span(i % columns, columns),
    loss: below(span(rows - 1 - 2 * Math.floor(i / columns), rows), rows),
    uar: below(span(rows - 2 - 2 * Math.floor(i / columns), rows), rows),
  }));
  const scales = scalesOf(runs, theme);
  return {
    data: [
      ...legend(theme),
      ...networks.flatMap((network, i) => network.runs.flatMap((run) => thinCurves(run, axesOf(i), theme))),
    ],
    size: {
      width: Math.max(620, WIDTH * columns + 110),
      height: HEIGHT * rows + 66,
      margin: { left: 80, right: 30, bottom: 66 },
    },
    layout: {
      ...Object.assign(
        {},
        ...places.map((place, i) => {
          const edges = { left: i % columns === 0, bottom: i + columns >= networks.length };
          return panelsOf(place, i, edges, scales, theme);
        }),
      ),
      annotations: networks.map(({ name }, i) => ({
        text: `<b>${plain(name)}</b>`,
        x: (places[i]!.x[0] + places[i]!.x[1]) / 2,
        y: places[i]!.loss[1],
        xref: "paper" as const,
        yref: "paper" as const,
        yanchor: "bottom" as const,
        showarrow: false,
        font: { size: FONT_SIZE.tick, color: theme.ink },
      })),
    },
  };
}

/** The numbers of a panel's axes, "" for the first. */
interface Axes {
  loss: string;
  uar: string;
}

/** A network's axes: its loss has the odd number, its UAR the even one after it. */
function axesOf(panel: number): Axes {
  return { loss: panel === 0 ? "" : String(2 * panel + 1), uar: String(2 * panel + 2) };
}

interface Look {
  width: number;
  /** Marker size for a run of one epoch, which has no line. */
  marker: number;
  opacity: number;
}

/** The measured curves of one run. */
function curves(epochs: readonly Epoch[], axes: Axes, look: Look, theme: Theme): object[] {
  const [validation, training] = theme.series;
  const lines = [
    { key: "trainLoss", color: training, dash: { dash: "dash" }, symbol: "circle-open", at: axes.loss },
    { key: "validationLoss", color: validation, dash: {}, symbol: "circle", at: axes.loss },
    { key: "validationUar", color: validation, dash: {}, symbol: "circle", at: axes.uar },
  ] as const;
  const single = epochs.length === 1;
  return lines
    .filter(({ key }) => epochs.some((epoch) => epoch[key] !== undefined))
    .map(({ key, color, dash, symbol, at }) => ({
      type: "scatter",
      mode: single ? "markers" : "lines",
      x: epochs.map(({ epoch }) => epoch),
      showlegend: false,
      y: epochs.map((epoch) => epoch[key] ?? null),
      line: { color, width: look.width, ...dash },
      marker: { color, size: look.marker, ...(single && { symbol }) },
      opacity: look.opacity,
      xaxis: `x${at}`,
      yaxis: `y${at}`,
    }));
}

/** The curves of one run among many, with a dot at the kept epoch. */
function thinCurves({ epochs, bestEpoch }: TrainingRun, axes: Axes, theme: Theme): object[] {
  const lines = curves(epochs, axes, { width: 1, marker: 4, opacity: 0.6 }, theme);
  const kept = epochs.find(({ epoch }) => epoch === bestEpoch);
  if (kept?.validationUar === undefined) return lines;
  const dot = {
    type: "scatter",
    mode: "markers",
    x: [kept.epoch],
    y: [kept.validationUar],
    marker: { color: theme.ink, size: 5 },
    showlegend: false,
    cliponaxis: false,
    xaxis: `x${axes.uar}`,
    yaxis: `y${axes.uar}`,
  };
  return [...lines, dot];
}

/** Legend entries drawn without data: those of the runs would be pale. */
function legend(theme: Theme): object[] {
  const entry = (name: string, look: object) => ({ type: "scatter", name, x: [null], y: [null], ...look });
  const [validation, training] = theme.series;
  return [
    entry("training", { mode: "lines", line: { color: training, width: 2, dash: "dash" } }),
    entry("validation", { mode: "lines", line: { color: validation, width: 2 } }),
    entry("kept epoch", { mode: "markers", marker: { color: theme.ink, size: 6 } }),
  ];
}

/** @param least smallest number of epochs between two ticks */
function epochTicks(range: Span, least: number): { range: Span; dtick: number; tick0: number } {
  return {
    range,
    dtick: [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => step >= least) ?? 1000,
    tick0: 0,
  };
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

/** Inside the last panel, where there is room: at the bottom of UAR, at the top of loss, left of a late epoch. */
function bestLabel(epoch: number, panel: string, late: boolean, theme: Theme) {
  const foot = panel !== "";
  return {
    text: `kept: epoch ${epoch}`,
    x: epoch,
    xref: `x${panel}` as "x",
    y: foot ? 0.02 : 0.98,
    yref: `y${panel} domain` as "paper",
    yanchor: foot ? ("bottom" as const) : ("top" as const),
    xanchor: late ? ("right" as const) : ("left" as const),
    xshift: late ? -5 : 5,
    showarrow: false,
    font: { size: FONT_SIZE.small, color: theme.muted },
  };
}

/** The i-th of n equal stretches of [0, 1] with gaps between them. */
function span(i: number, n: number): Span {
  const size = (1 - GAP * (n - 1) * 0.6) / n;
  const start = i * (size + GAP * 0.6);
  return [start, Math.min(1, start + size)];
}

/** A span moved down, so that the names of the top panels do not touch the legend. */
function below([low, high]: Span, rows: number): Span {
  const share = 1 - 20 / (HEIGHT * rows);
  return [low * share, high * share];
}

interface Scales {
  epochs: ReturnType<typeof epochTicks>;
  loss: Span;
  uar: ReturnType<typeof percentSpan>;
}

function scalesOf(runs: readonly TrainingRun[], theme: Theme): Scales {
  const all = runs.flatMap(({ epochs }) => epochs);
  const last = Math.max(...all.map(({ epoch }) => epoch));
  const losses = all.flatMap(({ trainLoss, validationLoss }) => [trainLoss, validationLoss ?? 0]);
  const most = Math.max(...losses.filter(Number.isFinite));
  return {
    epochs: epochTicks([1 - 0.03 * last, last * 1.03], last / 5),
    loss: [0, 1.05 * (most || 1)],
    uar: percentSpan(
      theme,
      all.map(({ validationUar }) => validationUar ?? Number.NaN),
    ),
  };
}

/** The axes of a network's two panels; titles stand at the left and at the bottom, where no network is below. */
function panelsOf(
  place: { x: Span; loss: Span; uar: Span },
  panel: number,
  { left, bottom }: { left: boolean; bottom: boolean },
  scales: Scales,
  theme: Theme,
): object {
  const { loss, uar } = axesOf(panel);
  const epochs = { ...scales.epochs, domain: place.x };
  const labels = { showticklabels: left };
  return {
    [`xaxis${loss}`]: { ...axis(theme), ...epochs, anchor: `y${loss}`, showticklabels: false },
    [`xaxis${uar}`]: { ...axis(theme, bottom ? "epoch" : ""), ...epochs, anchor: `y${uar}` },
    [`yaxis${loss}`]: {
      ...axis(theme, left ? "loss" : ""),
      range: scales.loss,
      domain: place.loss,
      anchor: `x${loss}`,
      ...labels,
    },
    [`yaxis${uar}`]: {
      ...scales.uar,
      title: axis(theme, left ? "validation UAR" : "").title,
      domain: place.uar,
      anchor: `x${uar}`,
      ...labels,
    },
  };
}
