import type { Figure, FigureOptions } from "./figure.js";
import type { Epoch } from "./learning-curves.js";
import {
  axis,
  baseLayout,
  FONT_SIZE,
  legendAbove,
  percentSpan,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** One training. */
export interface TrainingRun {
  epochs: readonly Epoch[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
}

export interface TrainingRunsOptions extends FigureOptions {
  /** A panel a network, with its runs: folds and seeds. */
  networks: readonly { name: string; runs: readonly TrainingRun[] }[];
}

/** Panels in a row. */
const ACROSS = 4;
const WIDTH = 250;
const HEIGHT = 220;
const GAP = 0.09;

/**
 * How many runs learned: a panel a network, a thin line a run, above the loss (training dashed, validation solid), below
 * the validation UAR with a dot at the epoch that was kept. All panels share their axes.
 *
 * @throws {RangeError} without a run, or with a run without epochs
 * @example trainingRuns({ networks: [{ name: "cnn", runs: [{ epochs, bestEpoch: 9 }] }] })
 */
export function trainingRuns(options: TrainingRunsOptions): Figure {
  const { networks } = options;
  const runs = networks.flatMap((network) => network.runs);
  if (runs.length === 0 || runs.some(({ epochs }) => epochs.length === 0))
    throw new RangeError("a figure of training needs runs with epochs");
  const theme = themeOf(options.theme);
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
      ...networks.flatMap((network, i) => network.runs.flatMap((run) => traces(run, i, theme))),
    ] as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Learning curves",
        width: Math.max(620, WIDTH * columns + 110),
        height: HEIGHT * rows + 66,
        margin: { left: 80, right: 30, bottom: 66 },
        legend: true,
      }),
      ...legendAbove(theme),
      ...Object.assign({}, ...places.map((place, i) => axesOf(place, i, i % columns === 0, scales, theme))),
      annotations: networks.map(({ name }, i) => ({
        text: `<b>${plain(name)}</b>`,
        x: (places[i]!.x[0]! + places[i]!.x[1]!) / 2,
        y: places[i]!.loss[1]!,
        xref: "paper" as const,
        yref: "paper" as const,
        yanchor: "bottom" as const,
        showarrow: false,
        font: { size: FONT_SIZE.tick, color: theme.ink },
      })),
    },
  };
}

/** The i-th of n equal stretches of [0, 1] with gaps between them. */
function span(i: number, n: number): [number, number] {
  const size = (1 - GAP * (n - 1) * 0.6) / n;
  const start = i * (size + GAP * 0.6);
  return [start, Math.min(1, start + size)];
}

/** A stretch moved down, so that the names of the uppermost panels stay clear of the legend. */
function below([low, high]: [number, number], rows: number): [number, number] {
  const share = 1 - 20 / (HEIGHT * rows);
  return [low * share, high * share];
}

/** Names of the axes of a panel: its loss has the odd number, its UAR the even one after it. */
function axisNumber(panel: number, kind: "loss" | "uar"): string {
  const number = 2 * panel + (kind === "loss" ? 1 : 2);
  return number === 1 ? "" : String(number);
}

function traces({ epochs, bestEpoch }: TrainingRun, panel: number, theme: Theme): unknown[] {
  const x = epochs.map(({ epoch }) => epoch);
  const loss = axisNumber(panel, "loss");
  const uar = axisNumber(panel, "uar");
  const common = { type: "scatter", mode: epochs.length === 1 ? "markers" : "lines", x, showlegend: false };
  const kept = epochs.find(({ epoch }) => epoch === bestEpoch);
  const [validation, training] = theme.series;
  return [
    {
      ...common,
      y: epochs.map(({ trainLoss }) => trainLoss),
      line: { color: training, width: 1, dash: "dash" },
      marker: { color: training, size: 4 },
      opacity: 0.6,
      xaxis: `x${loss}`,
      yaxis: `y${loss}`,
    },
    {
      ...common,
      y: epochs.map(({ validationLoss }) => validationLoss ?? null),
      line: { color: validation, width: 1 },
      marker: { color: validation, size: 4 },
      opacity: 0.6,
      xaxis: `x${loss}`,
      yaxis: `y${loss}`,
    },
    {
      ...common,
      y: epochs.map(({ validationUar }) => validationUar ?? null),
      line: { color: validation, width: 1 },
      marker: { color: validation, size: 4 },
      opacity: 0.6,
      xaxis: `x${uar}`,
      yaxis: `y${uar}`,
    },
    ...(kept?.validationUar === undefined
      ? []
      : [
          {
            type: "scatter",
            mode: "markers",
            x: [kept.epoch],
            y: [kept.validationUar],
            marker: { color: theme.ink, size: 5 },
            showlegend: false,
            cliponaxis: false,
            xaxis: `x${uar}`,
            yaxis: `y${uar}`,
          },
        ]),
  ];
}

/** Lines that only the legend shows: opacity would pale those of the runs. */
function legend(theme: Theme): unknown[] {
  const entry = (name: string, look: object) => ({ type: "scatter", name, x: [null], y: [null], ...look });
  const [validation, training] = theme.series;
  return [
    entry("training", { mode: "lines", line: { color: training, width: 2, dash: "dash" } }),
    entry("validation", { mode: "lines", line: { color: validation, width: 2 } }),
    entry("kept epoch", { mode: "markers", marker: { color: theme.ink, size: 6 } }),
  ];
}

interface Scales {
  epochs: [number, number];
  dtick: number;
  loss: [number, number];
  uar: ReturnType<typeof percentSpan>;
}

function scalesOf(runs: readonly TrainingRun[], theme: Theme): Scales {
  const all = runs.flatMap(({ epochs }) => epochs);
  const last = Math.max(...all.map(({ epoch }) => epoch));
  const losses = all.flatMap(({ trainLoss, validationLoss }) => [trainLoss, validationLoss ?? 0]);
  const most = Math.max(...losses.filter(Number.isFinite));
  return {
    epochs: [1 - 0.03 * last, last * 1.03],
    dtick: [1, 2, 5, 10, 20, 50, 100, 200, 500].find((step) => last / step <= 5) ?? 1000,
    loss: [0, 1.05 * (most || 1)],
    uar: percentSpan(
      theme,
      all.map(({ validationUar }) => validationUar ?? Number.NaN),
    ),
  };
}

function axesOf(
  place: { x: [number, number]; loss: [number, number]; uar: [number, number] },
  panel: number,
  first: boolean,
  scales: Scales,
  theme: Theme,
): object {
  const loss = axisNumber(panel, "loss");
  const uar = axisNumber(panel, "uar");
  const epochs = { range: scales.epochs, dtick: scales.dtick, tick0: 0, domain: place.x };
  const labels = { showticklabels: first };
  return {
    [`xaxis${loss}`]: { ...axis(theme), ...epochs, anchor: `y${loss}`, showticklabels: false },
    [`xaxis${uar}`]: { ...axis(theme, "epoch"), ...epochs, anchor: `y${uar}` },
    [`yaxis${loss}`]: {
      ...axis(theme, first ? "loss" : ""),
      range: scales.loss,
      domain: place.loss,
      anchor: `x${loss}`,
      ...labels,
    },
    [`yaxis${uar}`]: {
      ...scales.uar,
      title: axis(theme, first ? "validation UAR" : "").title,
      domain: place.uar,
      anchor: `x${uar}`,
      ...labels,
    },
  };
}
